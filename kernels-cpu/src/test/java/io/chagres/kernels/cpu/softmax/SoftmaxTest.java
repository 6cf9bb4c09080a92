package io.chagres.kernels.cpu.softmax;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Ids;
import io.chagres.kernels.cpu.vector.Native;
import org.junit.jupiter.api.Test;

class SoftmaxTest {
    private static final int ROWS = 5;

    @Test
    void softmaxAndItsLogarithmEqualTheDoubleReference() {
        for (int n : Native.SIZES) {
            try (Native memory = new Native(n);
                    WorkerPool pool = new WorkerPool(2)) {
                float[] x = memory.normals(ROWS * n, 4);
                double[] p = softmax(x, n, false);
                double[] logP = softmax(x, n, true);
                long in = memory.of(x);
                long y = memory.floats(ROWS * n);
                Softmax.forward(pool, in, n, y, n, ROWS, n);
                memory.assertClose("softmax", y, p, 2e-6, 1e-30);
                Softmax.logForward(pool, in, n, y, n, ROWS, n);
                memory.assertClose("logSoftmax", y, logP, 1e-6, 1e-6);
                Softmax.forward(in, n, in, n, ROWS, n);
                memory.assertClose("softmax in place", in, p, 2e-6, 1e-30);
            }
        }
    }

    @Test
    void gradientsEqualTheDoubleReference() {
        for (int n : Native.SIZES) {
            try (Native memory = new Native(n);
                    WorkerPool pool = new WorkerPool(2)) {
                float[] x = memory.normals(ROWS * n, 2);
                float[] dy = memory.normals(ROWS * n, 1);
                double[] p = softmax(x, n, false);
                double[] dx = new double[ROWS * n];
                double[] logDx = new double[ROWS * n];
                for (int r = 0; r < ROWS; r++) {
                    double dot = 0;
                    double sum = 0;
                    for (int i = r * n; i < r * n + n; i++) {
                        dot += dy[i] * p[i];
                        sum += dy[i];
                    }
                    for (int i = r * n; i < r * n + n; i++) {
                        dx[i] = p[i] * (dy[i] - dot);
                        logDx[i] = dy[i] - p[i] * sum;
                    }
                }
                long in = memory.of(x);
                long y = memory.floats(ROWS * n);
                long out = memory.floats(ROWS * n);
                Softmax.forward(pool, in, n, y, n, ROWS, n);
                Softmax.backward(pool, memory.of(dy), y, out, ROWS, n);
                memory.assertClose("dx", out, dx, 2e-6, 1e-6);
                Softmax.logForward(pool, in, n, y, n, ROWS, n);
                Softmax.logBackward(pool, memory.of(dy), y, out, ROWS, n);
                memory.assertClose("dx of log", out, logDx, 2e-6, 2e-6);
            }
        }
    }

    @Test
    void stridedRowsLeaveTheRestAlone() {
        try (Native memory = new Native(2);
                WorkerPool pool = new WorkerPool(2)) {
            float[] wide = memory.normals(ROWS * 50, 1);
            float[] narrow = new float[ROWS * 37];
            for (int r = 0; r < ROWS; r++) {
                System.arraycopy(wide, r * 50, narrow, r * 37, 37);
            }
            long y = memory.floats(ROWS * 41);
            long contiguous = memory.floats(ROWS * 37);
            Softmax.forward(pool, memory.of(wide), 50, y, 41, ROWS, 37);
            Softmax.forward(pool, memory.of(narrow), 37, contiguous, 37, ROWS, 37);
            for (int r = 0; r < ROWS; r++) {
                for (int j = 0; j < 41; j++) {
                    float expected = j < 37 ? Native.at(contiguous, r * 37 + j) : 12345.678f;
                    assertThat(Native.at(y, r * 41 + j)).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void extremeRows() {
        float inf = Float.POSITIVE_INFINITY;
        try (Native memory = new Native(3)) {
            long y = memory.floats(4);
            Softmax.forward(memory.of(1e38f, -1e38f, -inf, 1e38f), 4, y, 4, 1, 4);
            assertThat(Native.get(y, 4)).containsExactly(0.5f, 0f, 0f, 0.5f);
            Softmax.forward(memory.of(-inf, -inf, -inf, -inf), 4, y, 4, 1, 4);
            assertThat(Native.get(y, 4)).containsOnly(Float.NaN);
            Softmax.forward(memory.of(0f, Float.NaN, 0f, 0f), 4, y, 4, 1, 4);
            assertThat(Native.get(y, 4)).containsOnly(Float.NaN);
        }
    }

    @Test
    void rowReductions() {
        for (int n : Native.SIZES) {
            try (Native memory = new Native(n);
                    WorkerPool pool = new WorkerPool(2)) {
                int stride = n + 3;
                float[] x = memory.normals(ROWS * stride, 5);
                double[] sums = new double[ROWS];
                double[] lse = new double[ROWS];
                float[] max = new float[ROWS];
                int[] argMax = new int[ROWS];
                for (int r = 0; r < ROWS; r++) {
                    max[r] = Float.NEGATIVE_INFINITY;
                    for (int j = 0; j < n; j++) {
                        float v = x[r * stride + j];
                        sums[r] += v;
                        lse[r] += Math.exp(v);
                        if (v > max[r]) {
                            max[r] = v;
                            argMax[r] = j;
                        }
                    }
                    lse[r] = Math.log(lse[r]);
                }
                long in = memory.of(x);
                long out = memory.floats(ROWS);
                Rows.sum(pool, in, stride, out, ROWS, n);
                memory.assertClose("sum", out, sums, 1e-6, 1e-4);
                Rows.logSumExp(pool, in, stride, out, ROWS, n);
                memory.assertClose("logSumExp", out, lse, 1e-6, 1e-6);
                Rows.max(pool, in, stride, out, ROWS, n);
                assertThat(Native.get(out, ROWS)).isEqualTo(max);
                long at = memory.bytes(8L * ROWS);
                Rows.argMax(pool, in, stride, at, ROWS, n);
                for (int r = 0; r < ROWS; r++) {
                    assertThat(Ids.at(at, 8, r)).isEqualTo(argMax[r]);
                }
            }
        }
    }

    @Test
    void argMaxOfEqualsAndNaNs() {
        float inf = Float.NEGATIVE_INFINITY;
        try (Native memory = new Native(4)) {
            assertThat(Rows.argMax(memory.of(1f, 3f, 3f), 3)).isEqualTo(1);
            assertThat(Rows.argMax(memory.of(1f, Float.NaN, 3f, Float.NaN), 4)).isEqualTo(1);
            assertThat(Rows.argMax(memory.of(inf, inf), 2)).isZero();
            assertThat(Rows.logSumExp(memory.of(inf, inf), 2)).isEqualTo(inf);
        }
        assertThatThrownBy(() -> Rows.argMax(0, 0)).hasMessageContaining("without elements");
    }

    private static double[] softmax(float[] x, int n, boolean log) {
        double[] y = new double[x.length];
        for (int from = 0; from < x.length; from += n) {
            double max = Double.NEGATIVE_INFINITY;
            for (int i = from; i < from + n; i++) {
                max = Math.max(max, x[i]);
            }
            double sum = 0;
            for (int i = from; i < from + n; i++) {
                sum += Math.exp(x[i] - max);
            }
            for (int i = from; i < from + n; i++) {
                y[i] = log ? x[i] - max - Math.log(sum) : Math.exp(x[i] - max) / sum;
            }
        }
        return y;
    }
}
