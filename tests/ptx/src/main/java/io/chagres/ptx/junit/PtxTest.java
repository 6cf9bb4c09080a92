package io.chagres.ptx.junit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/// A test of kernels in a PTX file, without a GPU.
///
/// The method may take a [io.chagres.ptx.Gpu] and the loaded [io.chagres.ptx.Gpu.Module]. It runs
/// four times: with races looked for, and with the warps of a block in forward, reverse and random
/// order. A fault of a kernel fails the test.
///
/// ```java
/// @PtxTest("scale.ptx")
/// void doubles(Gpu gpu, Gpu.Module module) {
///     Buffer x = gpu.buffer("x", new float[] {1, 2, 3});
///     gpu.launch(module.kernel("scale"), Dim3.of(1), Dim3.of(32), 0, x, 3, 2f);
///     assertArrayEquals(new float[] {2, 4, 6}, x.floats());
/// }
/// ```
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(PtxExtension.class)
public @interface PtxTest {
    /// The PTX as a resource beside the test's class, or as a path of a file.
    String value();
}
