package io.chagres.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.ptx.junit.PtxTest;
import io.chagres.ptx.machine.Dim3;
import io.chagres.ptx.machine.Launch;
import io.chagres.ptx.machine.TensorMap;
import io.chagres.ptx.machine.Traffic;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;

/// Whole kernels, as nvcc compiles them, against double; each in every order and with every check.
class KernelTest {
    private static final Set<String> FORMS = new TreeSet<>();

    @AfterAll
    static void formsSeen() {
        assertThat(FORMS.size()).as("distinct forms executed: %s", FORMS).isGreaterThan(70);
    }

    private static void seen(Launch l) {
        for (int i = 0; i < l.executed().length; i++) {
            if (l.executed()[i] > 0) {
                FORMS.add(l.kernel().steps()[i].opcode());
            }
        }
    }

    @PtxTest("basics.ptx")
    void scale(Gpu gpu, Gpu.Module module) {
        float[] x = Kernels.normal(100, 1);
        Buffer b = gpu.buffer("x", x);
        seen(gpu.launch(module.kernel("scale"), Dim3.of(2), Dim3.of(64), 0, b, 100, 3f));
        for (int i = 0; i < 100; i++) {
            assertThat(b.floats()[i]).isEqualTo(3 * x[i]);
        }
    }

    @PtxTest("basics.ptx")
    void blockSum(Gpu gpu, Gpu.Module module) {
        Kernels.blockSum(gpu, module);
    }

    @PtxTest("basics.ptx")
    void rmsNorm(Gpu gpu, Gpu.Module module) {
        Kernels.rmsNorm(gpu, module);
    }

    @PtxTest("basics.ptx")
    void softmax(Gpu gpu, Gpu.Module module) {
        Kernels.softmax(gpu, module);
    }

    @PtxTest("matrix.ptx")
    void gemm(Gpu gpu, Gpu.Module module) {
        Kernels.gemm(gpu, module);
    }

    @PtxTest("matrix.ptx")
    void pipeline(Gpu gpu, Gpu.Module module) {
        Kernels.pipeline(gpu, module);
    }

    @PtxTest("basics.ptx")
    void histogram(Gpu gpu, Gpu.Module module) {
        byte[] x = new byte[1000];
        int[] want = new int[64];
        for (int i = 0; i < x.length; i++) {
            x[i] = (byte) (i * i);
            want[x[i] & 63]++;
        }
        Buffer bins = gpu.buffer("bins", new int[64]);
        seen(
                gpu.launch(
                        module.kernel("histogram"),
                        Dim3.of(3),
                        Dim3.of(96),
                        0,
                        bins,
                        gpu.buffer("x", x),
                        1000));
        assertThat(bins.ints()).isEqualTo(want);
    }

    @PtxTest("basics.ptx")
    void theLastBlockAddsUp(Gpu gpu, Gpu.Module module) {
        float[] x = new float[500];
        Arrays.fill(x, 0.5f);
        Buffer out = gpu.buffer("out", 4);
        for (int again = 0; again < 2; again++) {
            seen(
                    gpu.launch(
                            module.kernel("gridSum"),
                            Dim3.of(5),
                            Dim3.of(32),
                            0,
                            out,
                            gpu.buffer("parts", 20),
                            gpu.buffer("x", x),
                            500));
            assertThat(out.floats()[0]).isEqualTo(250f);
        }
    }

    @PtxTest("basics.ptx")
    void callsTablesAndConstants(Gpu gpu, Gpu.Module module) {
        float[] x = Kernels.normal(96, 5);
        int[] what = new int[96];
        for (int i = 0; i < 96; i++) {
            what[i] = i * 7 % 8;
        }
        Buffer b = gpu.buffer("x", x);
        seen(
                gpu.launch(
                        module.kernel("mixed"),
                        Dim3.of(2),
                        Dim3.of(64),
                        0,
                        b,
                        gpu.buffer("what", what),
                        96));
        for (int i = 0; i < 96; i++) {
            double v = x[i];
            double want =
                    switch (what[i]) {
                        case 0 -> v * v * v;
                        case 1 -> v + 1 + i % 4;
                        case 2 -> Math.sin(v / 8);
                        case 3 -> v / 3;
                        case 4 -> Math.sqrt(v * v + 1);
                        case 5 -> (int) v;
                        default -> -v;
                    };
            assertThat((double) b.floats()[i])
                    .as("%d of %f", what[i], v)
                    .isCloseTo(want, within(1e-6 * (1 + Math.abs(want))));
        }
    }

    @PtxTest("hopper.ptx")
    void bulkCopy(Gpu gpu, Gpu.Module module) {
        float[] x = Kernels.normal(256, 3);
        Buffer y = gpu.buffer("y", 1024);
        seen(
                gpu.launch(
                        module.kernel("bulk"),
                        Dim3.of(1),
                        Dim3.of(96),
                        1024,
                        y,
                        gpu.buffer("x", x),
                        256));
        for (int i = 0; i < 256; i++) {
            assertThat(y.floats()[i]).isEqualTo(x[255 - i]);
        }
    }

    /// The tensor of A has 60 rows: the last four of the box are zero.
    @PtxTest("hopper.ptx")
    void tensorCopiesAndWarpGroups(Gpu gpu, Gpu.Module module) {
        float[] a = Kernels.normal(60 * 64, 1);
        float[] b = Kernels.normal(8 * 64, 2);
        Buffer ab = gpu.buffer("a", Kernels.bf16(a));
        Buffer bb = gpu.buffer("b", Kernels.bf16(b));
        Buffer d = gpu.buffer("d", 64 * 8 * 4);
        byte[] mapA = map(ab, 60, 64).bytes();
        byte[] mapB = map(bb, 8, 8).bytes();
        seen(gpu.launch(module.kernel("tile"), Dim3.of(1), Dim3.of(128), 72 * 128, d, mapA, mapB));
        for (int i = 0; i < 64; i++) {
            for (int j = 0; j < 8; j++) {
                double want = 0;
                for (int k = 0; k < 64 && i < 60; k++) {
                    want += (double) a[i * 64 + k] * b[j * 64 + k];
                }
                assertThat((double) d.floats()[i * 8 + j])
                        .as("d[%d][%d]", i, j)
                        .isCloseTo(want, within(1e-4));
            }
        }
    }

    private static TensorMap map(Buffer of, int rows, int box) {
        return new TensorMap(
                of.address(), 2, new long[] {64, rows}, new long[] {128}, new int[] {64, box}, 128);
    }

    @PtxTest("basics.ptx")
    void trafficShowsConflictsAndCoalescing(Gpu gpu, Gpu.Module module) {
        gpu.check(gpu.checks().withTraffic(true));
        float[] x = Kernels.normal(1024, 2);
        Buffer in = gpu.buffer("x", x);
        Buffer y = gpu.buffer("y", 4096);
        Launch good = gpu.launch(module.kernel("transpose"), Dim3.of(1), Dim3.of(32, 4), 0, y, in);
        Launch bad =
                gpu.launch(module.kernel("transposeSlow"), Dim3.of(1), Dim3.of(32, 4), 0, y, in);
        seen(good);
        for (int i = 0; i < 1024; i++) {
            assertThat(y.floats()[i]).isEqualTo(x[i % 32 * 32 + i / 32]);
        }
        Traffic t = traffic(good);
        assertThat(t.globalBytesRead()).isEqualTo(4096);
        assertThat(t.globalBytesWritten()).isEqualTo(4096);
        assertThat(t.sectorExcess()).isEqualTo(1.0);
        assertThat(t.sharedWavefronts()).isEqualTo(t.sharedWavefrontsIdeal()).isEqualTo(64);
        assertThat(traffic(bad).sharedWavefronts()).isEqualTo(32 + 32 * 32);
    }

    private static Traffic traffic(Launch l) {
        Traffic t = l.traffic();
        assertThat(t).isNotNull();
        return t;
    }

    @PtxTest("basics.ptx")
    void threadsChangeNothing(Gpu gpu, Gpu.Module module) {
        float[] one = Kernels.sums(gpu, module);
        gpu.check(gpu.checks().withRaces(false).withThreads(2));
        assertThat(Kernels.sums(gpu, module)).isEqualTo(one);
    }
}
