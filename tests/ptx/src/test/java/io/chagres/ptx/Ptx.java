package io.chagres.ptx;

import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.machine.Dim3;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// PTX for tests: resources, and kernels around a few instructions.
final class Ptx {
    static final String HEADER = ".version 8.0\n.target sm_90a\n.address_size 64\n";

    private Ptx() {}

    static String resource(String name) {
        try (InputStream in = Ptx.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalArgumentException("no resource " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A kernel `k(p, n)` with registers %r, %rd, %f, %h, %p; %rd0 is p, %r0 is n, %r1 the thread.
    static String kernel(String body) {
        return HEADER
                + """
                .visible .entry k(.param .u64 p, .param .u32 n) {
                .reg .pred %p<10>; .reg .b16 %h<10>; .reg .b32 %r<20>; .reg .b64 %rd<20>;
                .reg .f32 %f<10>; .reg .f64 %fd<10>;
                ld.param.u64 %rd0, [p];
                ld.param.u32 %r0, [n];
                mov.u32 %r1, %tid.x;
                """
                + body
                + "\nret;\n}\n";
    }

    /// Runs [#kernel] with one block on a buffer, which comes back.
    static Buffer run(String body, Checks checks, int threads, int dynamicShared, int... words) {
        Gpu gpu = new Gpu(checks);
        Buffer b = gpu.buffer("p", words);
        gpu.launch(
                gpu.load(kernel(body)).kernel("k"),
                Dim3.of(1),
                Dim3.of(threads),
                dynamicShared,
                b,
                words.length);
        return b;
    }
}
