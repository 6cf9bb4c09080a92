package io.chagres.kernels.cpu.norm;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Native;
import io.chagres.tensor.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormTest {
    private static final double EPS = 1e-5;

    @ParameterizedTest
    @CsvSource({"1,1", "1,64", "3,5", "7,17", "4,63", "5,65", "2,97", "33,48", "6,200", "70,131"})
    void layerNormEqualsTheDoubleReference(int rows, int n) {
        for (int affine = 0; affine < 3; affine++) {
            checkLayerNorm(rows, n, affine > 0, affine > 1);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,64", "3,5", "7,17", "4,63", "5,65", "2,97", "33,48", "6,200", "70,131"})
    void rmsNormEqualsTheDoubleReference(int rows, int n) {
        checkRmsNorm(rows, n, false);
        checkRmsNorm(rows, n, true);
    }

    @Test
    void layerNormOfALargeOffsetKeepsItsAccuracy() {
        try (Native memory = new Native(4);
                WorkerPool pool = new WorkerPool(1)) {
            int n = 300;
            float[] x = memory.normals(n, 1);
            for (int i = 0; i < n; i++) {
                x[i] += 1000f;
            }
            double[] expected = new double[n];
            double mean = mean(x, 0, n);
            double rstd = 1 / Math.sqrt(square(x, 0, n, mean) + EPS);
            for (int i = 0; i < n; i++) {
                expected[i] = (x[i] - mean) * rstd;
            }
            long y = memory.floats(n);
            LayerNorm.forward(
                    pool, memory.of(x), 0, 0, y, memory.floats(1), memory.floats(1), 1, n, EPS);
            memory.assertClose("y", y, expected, 1e-6, 1e-4);
        }
    }

    @Test
    void columnSumsEqualTheDoubleReferenceWhateverTheThreads() {
        try (Native memory = new Native(5);
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            for (int[] shape : new int[][] {{1, 1}, {17, 3}, {100, 65}, {1030, 530}}) {
                int rows = shape[0];
                int n = shape[1];
                float[] x = memory.normals(rows * n, 1);
                double[] expected = new double[n];
                for (int i = 0; i < x.length; i++) {
                    expected[i % n] += x[i];
                }
                long a = memory.floats(n);
                long b = memory.floats(n);
                long scratch = memory.bytes(ColumnSums.scratchBytes(rows, n));
                ColumnSums.sum(one, DType.F32, memory.of(x), a, rows, n, scratch);
                ColumnSums.sum(three, DType.F32, memory.of(x), b, rows, n, scratch);
                memory.assertClose("sums", a, expected, 1e-5, 1e-5);
                assertThat(Native.get(b, n)).isEqualTo(Native.get(a, n));
            }
        }
    }

    private static void checkLayerNorm(int rows, int n, boolean weighted, boolean biased) {
        try (Native memory = new Native(rows * 31L + n);
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            int size = rows * n;
            float[] x = memory.normals(size, 2);
            float[] dy = memory.normals(size, 1);
            float[] w = memory.normals(n, 1);
            float[] b = memory.normals(n, 1);
            double[] y = new double[size];
            double[] dx = new double[size];
            double[] dw = new double[n];
            double[] db = new double[n];
            for (int r = 0; r < rows; r++) {
                double mean = mean(x, r * n, n);
                double rstd = 1 / Math.sqrt(square(x, r * n, n, mean) + EPS);
                double g = 0;
                double gh = 0;
                for (int j = 0; j < n; j++) {
                    double h = (x[r * n + j] - mean) * rstd;
                    double wj = weighted ? w[j] : 1;
                    y[r * n + j] = h * wj + (biased ? b[j] : 0);
                    dw[j] += dy[r * n + j] * h;
                    db[j] += dy[r * n + j];
                    g += dy[r * n + j] * wj / n;
                    gh += dy[r * n + j] * wj * h / n;
                }
                for (int j = 0; j < n; j++) {
                    double h = (x[r * n + j] - mean) * rstd;
                    dx[r * n + j] = rstd * (dy[r * n + j] * (weighted ? w[j] : 1) - g - h * gh);
                }
            }
            long in = memory.of(x);
            long wa = weighted ? memory.of(w) : 0;
            long ba = biased ? memory.of(b) : 0;
            long out = memory.floats(size);
            long mean = memory.floats(rows);
            long rstd = memory.floats(rows);
            LayerNorm.forward(three, in, wa, ba, out, mean, rstd, rows, n, EPS);
            memory.assertClose("y", out, y, 2e-6, 2e-5);
            long gy = memory.of(dy);
            long dxa = memory.floats(size);
            long dwa = memory.floats(n);
            long dba = memory.floats(n);
            long scratch = memory.bytes(LayerNorm.backwardScratchBytes(rows, n));
            LayerNorm.backward(one, gy, in, wa, mean, rstd, dxa, dwa, dba, rows, n, scratch);
            // One element has no variance: rstd is 316, and the gradient a difference of equals.
            memory.assertClose("dx", dxa, dx, 1e-5, n == 1 ? 1e-4 : 2e-5);
            memory.assertClose("dw", dwa, dw, 1e-5, 1e-4);
            memory.assertClose("db", dba, db, 1e-5, 1e-5);
            long dw3 = memory.floats(n);
            LayerNorm.backward(three, gy, in, wa, mean, rstd, gy, dw3, 0, rows, n, scratch);
            assertThat(Native.get(dw3, n)).isEqualTo(Native.get(dwa, n));
            assertThat(Native.get(gy, size)).isEqualTo(Native.get(dxa, size));
            memory.assertGuardsIntact();
        }
    }

    private static void checkRmsNorm(int rows, int n, boolean weighted) {
        try (Native memory = new Native(rows * 37L + n);
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            int size = rows * n;
            float[] x = memory.normals(size, 2);
            float[] dy = memory.normals(size, 1);
            float[] w = memory.normals(n, 1);
            double[] y = new double[size];
            double[] dx = new double[size];
            double[] dw = new double[n];
            for (int r = 0; r < rows; r++) {
                double rstd = 1 / Math.sqrt(square(x, r * n, n, 0) + EPS);
                double gh = 0;
                for (int j = 0; j < n; j++) {
                    double h = x[r * n + j] * rstd;
                    double wj = weighted ? w[j] : 1;
                    y[r * n + j] = h * wj;
                    dw[j] += dy[r * n + j] * h;
                    gh += dy[r * n + j] * wj * h / n;
                }
                for (int j = 0; j < n; j++) {
                    double h = x[r * n + j] * rstd;
                    dx[r * n + j] = rstd * (dy[r * n + j] * (weighted ? w[j] : 1) - h * gh);
                }
            }
            long in = memory.of(x);
            long wa = weighted ? memory.of(w) : 0;
            long out = memory.floats(size);
            long rstd = memory.floats(rows);
            RmsNorm.forward(three, in, wa, out, rstd, rows, n, EPS);
            memory.assertClose("y", out, y, 2e-6, 1e-6);
            long gy = memory.of(dy);
            long dxa = memory.floats(size);
            long dwa = memory.floats(n);
            long scratch = memory.bytes(RmsNorm.backwardScratchBytes(rows, n));
            RmsNorm.backward(one, gy, in, wa, rstd, dxa, dwa, rows, n, scratch);
            memory.assertClose("dx", dxa, dx, 1e-5, 1e-5);
            memory.assertClose("dw", dwa, dw, 1e-5, 1e-5);
            long dw3 = memory.floats(n);
            RmsNorm.backward(three, gy, in, wa, rstd, gy, dw3, rows, n, scratch);
            assertThat(Native.get(dw3, n)).isEqualTo(Native.get(dwa, n));
            assertThat(Native.get(gy, size)).isEqualTo(Native.get(dxa, size));
            memory.assertGuardsIntact();
        }
    }

    private static double mean(float[] x, int from, int n) {
        double sum = 0;
        for (int i = from; i < from + n; i++) {
            sum += x[i];
        }
        return sum / n;
    }

    private static double square(float[] x, int from, int n, double center) {
        double sum = 0;
        for (int i = from; i < from + n; i++) {
            sum += (x[i] - center) * (x[i] - center);
        }
        return sum / n;
    }
}
