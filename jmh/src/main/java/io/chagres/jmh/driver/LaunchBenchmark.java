package io.chagres.jmh.driver;

import io.chagres.kernels.gpu.driver.CudaDriver;
import io.chagres.kernels.gpu.driver.CudaLibrary;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What a launch costs on this side of `cuLaunchKernel`: the driver's functions are all C's `abs`,
/// which looks at its first argument only and returns at once. Beside it, a call of the same
/// signature through a constant handle, the least that the foreign function interface takes.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class LaunchBenchmark {
    private static final MemorySegment NOTHING =
            Linker.nativeLinker().defaultLookup().findOrThrow("abs");
    private static final MethodHandle PLAIN =
            Linker.nativeLinker()
                    .downcallHandle(
                            NOTHING,
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG));

    private CudaDriver driver;
    private int x = 1;

    /// Binds the driver.
    @Setup
    public void setup() {
        driver = CudaLibrary.of(name -> Optional.of(NOTHING)).driver();
    }

    /// Through the driver, as every kernel is launched.
    @Benchmark
    public int launch() {
        return driver.launch(0, x, 1, 1, 128, 1, 1, 0, 0, 0);
    }

    /// The foreign function interface alone.
    @Benchmark
    public int plain() throws Throwable {
        return (int) PLAIN.invokeExact(0L, x, 1, 1, 128, 1, 1, 0, 0L, 0L, 0L);
    }
}
