package io.chagres.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.ptx.machine.Dim3;
import java.util.Random;

/// The kernels' own tests, used by themselves and on mutants.
final class Kernels {
    private Kernels() {}

    static float[] normal(int n, int seed) {
        Random r = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) r.nextGaussian();
        }
        return x;
    }

    /// The values cut to bf16, in place too.
    static short[] bf16(float[] x) {
        short[] out = new short[x.length];
        for (int i = 0; i < x.length; i++) {
            int bits = Float.floatToRawIntBits(x[i]) & 0xffff0000;
            x[i] = Float.intBitsToFloat(bits);
            out[i] = (short) (bits >>> 16);
        }
        return out;
    }

    private static void close(double got, double want, double tolerance, String what, int i) {
        assertThat(got)
                .as("%s %d", what, i)
                .isCloseTo(want, within(tolerance * (1 + Math.abs(want))));
    }

    static float[] sums(Gpu gpu, Gpu.Module module) {
        Buffer out = gpu.buffer("out", 28);
        Buffer x = gpu.buffer("x", normal(3000, 9));
        gpu.launch(module.kernel("blockSum"), Dim3.of(7), Dim3.of(96), 0, out, x, 3000);
        return out.floats();
    }

    static void blockSum(Gpu gpu, Gpu.Module module) {
        for (int n : new int[] {1, 31, 96, 333, 1700}) {
            float[] x = normal(n, n);
            Buffer out = gpu.buffer("out", 12);
            Buffer in = gpu.buffer("x", x);
            gpu.launch(module.kernel("blockSum"), Dim3.of(3), Dim3.of(96), 0, out, in, n);
            double[] want = new double[3];
            for (int i = 0; i < n; i++) {
                want[i / 96 % 3] += x[i];
            }
            for (int b = 0; b < 3; b++) {
                close(out.floats()[b], want[b], 1e-5, "block", b);
            }
            in.close();
            out.close();
        }
    }

    static void rmsNorm(Gpu gpu, Gpu.Module module) {
        for (int n : new int[] {8, 129, 320}) {
            float[] x = normal(3 * n, n);
            float[] w = normal(n, 1);
            Buffer y = gpu.buffer("y", 2L * 3 * n);
            Buffer in = gpu.buffer("x", bf16(x));
            Buffer weight = gpu.buffer("w", bf16(w));
            int threads = n > 200 ? 224 : 64;
            gpu.launch(
                    module.kernel("rmsNorm"),
                    Dim3.of(3),
                    Dim3.of(threads),
                    0,
                    y,
                    in,
                    weight,
                    n,
                    1e-3f);
            float[] got = y.bf16();
            for (int r = 0; r < 3; r++) {
                double s = 0;
                for (int i = 0; i < n; i++) {
                    s += (double) x[r * n + i] * x[r * n + i];
                }
                for (int i = 0; i < n; i++) {
                    double want = x[r * n + i] / Math.sqrt(s / n + 1e-3) * w[i];
                    close(got[r * n + i], want, 4e-3, "element", r * n + i);
                }
            }
            y.close();
            in.close();
            weight.close();
        }
    }

    static void softmax(Gpu gpu, Gpu.Module module) {
        int rows = 5;
        for (int n : new int[] {1, 50, 32, 64, 96, 128, 160, 192, 224, 256}) {
            float[] x = normal(rows * n, n);
            short[] h = new short[x.length];
            for (int i = 0; i < h.length; i++) {
                h[i] = Float.floatToFloat16(3 * x[i]);
            }
            Buffer y = gpu.buffer("y", 2L * rows * n);
            Buffer in = gpu.buffer("x", h);
            gpu.launch(module.kernel("softmax"), Dim3.of(3), Dim3.of(64), 0, y, in, rows, n);
            for (int r = 0; r < rows; r++) {
                double s = 0;
                for (int i = 0; i < n; i++) {
                    s += Math.exp(Float.float16ToFloat(h[r * n + i]));
                }
                for (int i = 0; i < n; i++) {
                    double want = Math.exp(Float.float16ToFloat(h[r * n + i])) / s;
                    close(
                            Float.float16ToFloat(y.shorts()[r * n + i]),
                            want,
                            1e-3,
                            "element",
                            r * n + i);
                }
            }
            y.close();
            in.close();
        }
    }

    static void gemm(Gpu gpu, Gpu.Module module) {
        int[][] shapes = {{40, 33, 56}, {32, 31, 8}, {5, 64, 40}};
        for (int[] s : shapes) {
            int m = s[0];
            int n = s[1];
            int k = s[2];
            float[] a = normal(m * k, 1);
            float[] b = normal(n * k, 2);
            Buffer c = gpu.buffer("c", 4L * m * n);
            Buffer ab = gpu.buffer("a", bf16(a));
            Buffer bb = gpu.buffer("b", bf16(b));
            Dim3 grid = Dim3.of((n + 31) / 32, (m + 31) / 32);
            gpu.launch(module.kernel("gemm"), grid, Dim3.of(128), 0, c, ab, bb, m, n, k);
            float[] got = c.floats();
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double want = 0;
                    for (int kk = 0; kk < k; kk++) {
                        want += (double) a[i * k + kk] * b[j * k + kk];
                    }
                    double error = Math.abs(got[i * n + j] - want);
                    if (!(error <= 1e-4 * (1 + Math.abs(want)))) {
                        throw new AssertionError(
                                String.format(
                                        "c[%d][%d] = %f, not %f", i, j, got[i * n + j], want));
                    }
                }
            }
            c.close();
            ab.close();
            bb.close();
        }
    }

    static void pipeline(Gpu gpu, Gpu.Module module) {
        for (int n : new int[] {64, 65, 100, 192, 577, 640}) {
            float[] x = normal(4 * n, n);
            Buffer y = gpu.buffer("y", 16L * n);
            Buffer in = gpu.buffer("x", x);
            gpu.launch(module.kernel("pipeline"), Dim3.of(1), Dim3.of(64), 0, y, in, n);
            for (int i = 0; i < 4 * n; i++) {
                int from = i / 256 * 64 + (i / 4 % 64 ^ 33);
                float want = from < n ? 2 * x[4 * from + i % 4] : 0;
                close(y.floats()[i], want, 0, "element", i);
            }
            y.close();
            in.close();
        }
    }
}
