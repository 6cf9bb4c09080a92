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

    /// Runs an instruction on 32 lanes of four words each: three inputs in %r2 to %r4 and, by their
    /// bits, in %f, %h, %rd and %fd; the result %r5 becomes the fourth. If `partial`, every third
    /// lane sits out and keeps 77.
    static int[] lanes(String instruction, int[] in, boolean partial) {
        String body =
                """
                mul.wide.u32 %%rd1, %%r1, 16;
                add.s64 %%rd2, %%rd0, %%rd1;
                ld.global.v2.u32 {%%r2, %%r3}, [%%rd2];
                ld.global.u32 %%r4, [%%rd2+8];
                mov.b32 %%f2, %%r2; mov.b32 %%f3, %%r3; mov.b32 %%f4, %%r4;
                mov.u32 %%r5, 77;
                mov.b64 %%rd5, {%%r2, %%r3}; mov.b64 %%rd6, {%%r4, %%r2};
                mov.b32 {%%h2, %%h3}, %%r2; mov.b32 {%%h4, %%h5}, %%r3;
                mov.b64 %%fd2, %%rd5; mov.b64 %%fd3, %%rd6;
                rem.u32 %%r6, %%r1, 3;
                setp.eq.u32 %%p1, %%r6, 0;
                %s bra SKIP;
                %s
                SKIP:
                st.global.u32 [%%rd2+12], %%r5;
                """
                        .formatted(partial ? "@%p1" : "setp.lo.u32 %p2, %r1, 0; @%p2", instruction);
        return run(body, Checks.STANDARD, 32, 0, in).ints();
    }
}
