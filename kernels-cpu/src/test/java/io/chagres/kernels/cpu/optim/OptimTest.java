package io.chagres.kernels.cpu.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Native;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OptimTest {
    @Test
    void adamWStepsEqualTheDoubleReference() {
        double lr = 1e-2;
        double beta1 = 0.9;
        double beta2 = 0.95;
        double eps = 1e-8;
        double decay = 0.1;
        double scale = 0.7;
        for (int n : Native.SIZES) {
            try (Native memory = new Native(n);
                    WorkerPool pool = new WorkerPool(2)) {
                float[] start = memory.normals(n, 1);
                long p = memory.of(start);
                long m = memory.of(new float[n]);
                long v = memory.of(new float[n]);
                double[] pe = Native.map(start, x -> x);
                double[] me = new double[n];
                double[] ve = new double[n];
                for (int t = 1; t <= 4; t++) {
                    float[] g = memory.normals(n, 1);
                    AdamW.step(
                            pool, p, memory.of(g), m, v, n, lr, beta1, beta2, eps, decay, t, scale);
                    for (int i = 0; i < n; i++) {
                        double d = g[i] * scale;
                        pe[i] *= 1 - lr * decay;
                        me[i] = beta1 * me[i] + (1 - beta1) * d;
                        ve[i] = beta2 * ve[i] + (1 - beta2) * d * d;
                        double divisor = Math.sqrt(ve[i]) / Math.sqrt(1 - Math.pow(beta2, t)) + eps;
                        pe[i] -= lr / (1 - Math.pow(beta1, t)) * me[i] / divisor;
                    }
                }
                memory.assertClose("p", p, pe, 1e-6, 1e-7);
                memory.assertClose("m", m, me, 1e-6, 1e-7);
                memory.assertClose("v", v, ve, 1e-6, 1e-8);
            }
        }
    }

    @Test
    void adamWGivesTheSameBitsWhateverTheThreads() {
        int n = 20_011;
        try (Native memory = new Native(1);
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            float[] p = memory.normals(n, 1);
            long g = memory.normal(n, 1);
            float[][] results = new float[2][];
            for (int k = 0; k < 2; k++) {
                long pa = memory.of(p);
                long m = memory.of(new float[n]);
                long v = memory.of(new float[n]);
                AdamW.step(k == 0 ? one : three, pa, g, m, v, n, 1e-3, 0.9, 0.999, 1e-8, 0, 1, 1);
                results[k] = Native.get(pa, n);
            }
            assertThat(results[1]).isEqualTo(results[0]);
            memory.assertGuardsIntact();
        }
    }

    @Test
    void sumOfSquares() {
        try (Native memory = new Native(2);
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            for (int n : new int[] {0, 1, 63, 16384, 16385, 100_003}) {
                float[] x = memory.normals(n, 3);
                double expected = 0;
                for (float v : x) {
                    expected += (double) v * v;
                }
                long a = memory.of(x);
                long scratch = memory.bytes(SumOfSquares.scratchBytes(n));
                double got = SumOfSquares.of(one, a, n, scratch);
                assertThat(got).isCloseTo(expected, within(1e-13 * expected));
                assertThat(SumOfSquares.of(three, a, n, scratch)).isEqualTo(got);
            }
            memory.assertGuardsIntact();
        }
    }

    @Test
    void squaresThatNoFloatHoldsAreSummed() {
        try (Native memory = new Native(3);
                WorkerPool one = new WorkerPool(1)) {
            float[] x = new float[100];
            Arrays.fill(x, 1e30f);
            x[99] = 1e-30f;
            long scratch = memory.bytes(SumOfSquares.scratchBytes(x.length));
            double exact = 99 * ((double) 1e30f * 1e30f);
            assertThat(SumOfSquares.of(one, memory.of(x), x.length, scratch))
                    .isCloseTo(exact, within(1e-13 * exact));
        }
    }
}
