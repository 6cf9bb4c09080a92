package io.chagres.kernels.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class RowReduceTest {
    @Test
    void sumsEqualTheDocumentedTreeBitForBit() {
        try (Native n = new Native(1)) {
            for (int size : Native.SIZES) {
                float[] x = n.normals(size, 1);
                assertThat(RowReduce.sum(n.of(x), size)).as("n = %s", size).isEqualTo(tree(x));
            }
        }
    }

    @Test
    void reductionsAreCloseToDoublePrecision() {
        try (Native n = new Native(2)) {
            for (int size : Native.SIZES) {
                float[] x = n.normals(size, 1);
                float[] y = n.normals(size, 1);
                double squares = 0;
                double products = 0;
                float max = Float.NEGATIVE_INFINITY;
                for (int i = 0; i < size; i++) {
                    squares += (x[i] - 0.5) * (x[i] - 0.5);
                    products += (double) x[i] * y[i];
                    max = Math.max(max, x[i]);
                }
                long a = n.of(x);
                long b = n.of(y);
                assertThat((double) RowReduce.sumSquares(a, 0.5f, size))
                        .isCloseTo(squares, within(1e-6 * squares));
                assertThat((double) RowReduce.dot(a, b, size)).isCloseTo(products, within(2e-5));
                assertThat(RowReduce.max(a, size)).isEqualTo(max);
            }
        }
    }

    @Test
    void emptyRowsAndNaNs() {
        assertThat(RowReduce.sum(0, 0)).isZero();
        assertThat(RowReduce.max(0, 0)).isEqualTo(Float.NEGATIVE_INFINITY);
        try (Native n = new Native(3)) {
            for (int at : new int[] {0, 63, 64, 69}) {
                float[] x = n.normals(70, 1);
                x[at] = Float.NaN;
                assertThat(RowReduce.max(n.of(x), 70)).as("NaN at %s", at).isNaN();
                assertThat(RowReduce.sum(n.of(x), 70)).as("NaN at %s", at).isNaN();
            }
        }
    }

    @Test
    void vectorReductionsCoverEveryLane() {
        float[] x = new float[Lanes.N];
        for (int i = 0; i < Lanes.N; i++) {
            x[i] = 1 << i;
        }
        FloatVector v = FloatVector.fromArray(Lanes.F32, x, 0);
        FloatVector zero = FloatVector.zero(Lanes.F32);
        assertThat(Reduce.sum(v)).isEqualTo((1 << Lanes.N) - 1);
        assertThat(Reduce.sum(v, zero, v, v)).isEqualTo(3f * ((1 << Lanes.N) - 1));
        assertThat(Reduce.max(v)).isEqualTo(1 << (Lanes.N - 1));
        assertThat(Reduce.max(zero, zero, zero, v)).isEqualTo(1 << (Lanes.N - 1));
    }

    /// The tree of [Reduce] in scalar form.
    private static float tree(float[] x) {
        float[] lanes = new float[64];
        for (int i = 0; i < x.length; i++) {
            lanes[i % 64] += x[i];
        }
        float[] t = new float[16];
        for (int l = 0; l < 16; l++) {
            t[l] = (lanes[l] + lanes[l + 16]) + (lanes[l + 32] + lanes[l + 48]);
        }
        for (int half = 8; half > 0; half /= 2) {
            for (int l = 0; l < half; l++) {
                t[l] += t[l + half];
            }
        }
        return t[0];
    }
}
