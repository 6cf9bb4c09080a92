package io.chagres.kernels.cpu.softmax;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Native;
import io.chagres.tensor.DType;
import org.junit.jupiter.api.Test;

class CrossEntropyTest {
    private static final int ROWS = 7;
    private static final int IGNORED = -100;

    @Test
    void lossesAndGradientsEqualTheDoubleReference() {
        for (int v : Native.SIZES) {
            for (double smoothing : new double[] {0, 0.1}) {
                check(v, smoothing);
            }
        }
    }

    @Test
    void aConfidentRowKeepsItsSmallLoss() {
        try (Native memory = new Native(1)) {
            long loss = memory.floats(1);
            long logits = memory.of(60f, 50f, 40f);
            CrossEntropy.forward(
                    logits, memory.of(0), 4, IGNORED, 0, loss, memory.floats(1), 0, 1, 3);
            double exact = Math.log1p(Math.exp(-10) + Math.exp(-20));
            assertThat((double) Native.at(loss, 0)).isCloseTo(exact, within(1e-7));
        }
    }

    @Test
    void aTargetOutsideTheVocabularyNamesItsRow() {
        try (Native memory = new Native(2);
                WorkerPool pool = new WorkerPool(1)) {
            int rows = 4000;
            int[] targets = new int[rows];
            targets[3000] = 9;
            long ids = memory.of(targets);
            long logits = memory.normal(rows * 9, 1);
            long out = memory.floats(rows);
            long lse = memory.floats(rows);
            assertThatThrownBy(() ->
                            CrossEntropy.forward(
                                    pool, DType.F32, logits, ids, 4, IGNORED, 0, out, lse, rows, 9, 0))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("target 9")
                    .hasMessageContaining("row 3000")
                    .hasMessageContaining("vocabulary of 9");
            memory.assertGuardsIntact();
        }
    }

    private static void check(int v, double smoothing) {
        try (Native memory = new Native(v);
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            float[] x = memory.normals(ROWS * v, 3);
            float[] g = memory.normals(ROWS, 1);
            long[] targets = new long[ROWS];
            double[] loss = new double[ROWS];
            double[] gradient = new double[ROWS * v];
            for (int r = 0; r < ROWS; r++) {
                targets[r] = r == 2 ? IGNORED : (r * 13) % v;
                if (r == 2) {
                    continue;
                }
                double sum = 0;
                double total = 0;
                for (int j = 0; j < v; j++) {
                    sum += Math.exp(x[r * v + j]);
                    total += x[r * v + j];
                }
                double lse = Math.log(sum);
                loss[r] =
                        (1 - smoothing) * (lse - x[r * v + (int) targets[r]])
                                + smoothing * (lse - total / v);
                for (int j = 0; j < v; j++) {
                    double p = Math.exp(x[r * v + j] - lse);
                    double target = j == targets[r] ? 1 - smoothing : 0;
                    gradient[r * v + j] = (p - target - smoothing / v) * g[r];
                }
            }
            long logits = memory.of(x);
            long ids = memory.of(targets);
            long lossOut = memory.floats(ROWS);
            long lse = memory.floats(ROWS);
            CrossEntropy.forward(three, DType.F32, logits, ids, 8, IGNORED, smoothing, lossOut, lse, ROWS, v, 0);
            memory.assertClose("loss", lossOut, loss, 1e-6, 5e-7);
            long ga = memory.of(g);
            long d = memory.floats(ROWS * v);
            CrossEntropy.backward(one, DType.F32, logits, ids, 8, IGNORED, smoothing, lse, ga, 1, d, ROWS, v, 0);
            memory.assertClose("gradient", d, gradient, 2e-6, 1e-6);
            CrossEntropy.backward(
                    three, DType.F32, logits, ids, 8, IGNORED, smoothing, lse, ga, 1, logits, ROWS, v, 0);
            assertThat(Native.get(logits, ROWS * v)).isEqualTo(Native.get(d, ROWS * v));
            memory.assertGuardsIntact();
        }
    }
}
