package io.chagres.kernels.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class VectorMathTest {
    private static final float INF = Float.POSITIVE_INFINITY;

    @Test
    void expIsAccurateOverTheWholeRange() {
        check(VectorMath::exp, StrictMath::exp, grid(-105, 89.5, 40_000), 1e-7);
        check(VectorMath::exp, StrictMath::exp, randomBits(40_000), 1e-7);
    }

    @Test
    void expOfSpecialValues() {
        float[] y = apply(VectorMath::exp, 0f, -0f, INF, -INF, 89f, -105f, Float.NaN, 88.72283f);
        assertThat(y).startsWith(1f, 1f, INF, 0f, INF, 0f, Float.NaN);
        assertThat(y[7]).isFinite().isGreaterThan(3.4e38f);
    }

    @Test
    void expRoundsSubnormalResultsToWithinOneStep() {
        float[] x = grid(-103.9, -87.4, 5000);
        float[] y = applyAll(VectorMath::exp, x);
        for (int i = 0; i < x.length; i++) {
            assertThat((double) y[i]).isCloseTo(StrictMath.exp(x[i]), Offset.offset(1e-45 * 9));
        }
    }

    @Test
    void flushedExpIsAccurateAndFlushes() {
        check(VectorMath::expFlushed, StrictMath::exp, grid(-87.33, 88, 40_000), 1e-7);
        assertThat(apply(VectorMath::expFlushed, -87.34f, -1000f, -INF, 0f, -0f, Float.NaN))
                .containsExactly(0f, 0f, 0f, 1f, 1f, Float.NaN);
        // A NaN whose payload would leak into the exponent if that were added as an integer.
        assertThat(apply(VectorMath::expFlushed, Float.intBitsToFloat(0x7FC00001))[0]).isNaN();
    }

    @Test
    void logIsAccurateOverTheWholeRange() {
        check(VectorMath::log, StrictMath::log, grid(0.4, 2.5, 40_000), 1.3e-7);
        check(VectorMath::log, StrictMath::log, randomBits(40_000), 1.3e-7);
        check(VectorMath::log, StrictMath::log, grid(0, 1e-38, 2000), 1.3e-7);
    }

    @Test
    void logOfSpecialValues() {
        float min = Float.MIN_VALUE;
        assertThat(apply(VectorMath::log, 1f, 0f, -0f, -1f, -INF, INF, Float.NaN, min))
                .containsExactly(
                        0f,
                        -INF,
                        -INF,
                        Float.NaN,
                        Float.NaN,
                        INF,
                        Float.NaN,
                        (float) StrictMath.log(min));
    }

    @Test
    void tanhIsAccurateNearZeroAndFar() {
        check(VectorMath::tanh, StrictMath::tanh, grid(-12, 12, 40_000), 2e-7);
        check(VectorMath::tanh, StrictMath::tanh, grid(-0.01, 0.01, 10_000), 2e-7);
        check(VectorMath::tanh, StrictMath::tanh, randomBits(40_000), 2e-7);
        assertThat(apply(VectorMath::tanh, INF, -INF, 0f, -0f, Float.NaN, Float.MIN_VALUE))
                .containsExactly(1f, -1f, 0f, -0f, Float.NaN, Float.MIN_VALUE);
    }

    @Test
    void sigmoidIsAccurate() {
        DoubleUnaryOperator exact = x -> 1 / (1 + StrictMath.exp(-x));
        check(VectorMath::sigmoid, exact, grid(-87.3, 100, 40_000), 2e-7);
        check(VectorMath::sigmoid, exact, grid(-1, 1, 10_000), 2e-7);
        assertThat(apply(VectorMath::sigmoid, INF, -INF, 0f, -0f, Float.NaN))
                .containsExactly(1f, 0f, 0.5f, 0.5f, Float.NaN);
    }

    @Test
    void erfIsAccurateNearZeroAndFar() {
        check(VectorMath::erf, Native::erf, grid(-5, 5, 40_000), 2e-7);
        check(VectorMath::erf, Native::erf, grid(-0.01, 0.01, 10_000), 2e-7);
        check(VectorMath::erf, Native::erf, randomBits(20_000), 2e-7);
        assertThat(apply(VectorMath::erf, INF, -INF, 0f, -0f, Float.NaN))
                .containsExactly(1f, -1f, 0f, -0f, Float.NaN);
    }

    private static void check(
            UnaryOperator<FloatVector> f, DoubleUnaryOperator exact, float[] x, double relative) {
        float[] y = applyAll(f, x);
        double worst = 0;
        float worstAt = 0;
        for (int i = 0; i < x.length; i++) {
            double e = exact.applyAsDouble(x[i]);
            if (Double.isNaN(e) || (float) e == y[i]) {
                assertThat(Float.isNaN(y[i])).as("NaN at %s", x[i]).isEqualTo(Double.isNaN(e));
                continue;
            }
            // Below the normal range one step is all that can be asked for.
            double error = Math.abs(y[i] - e) - (Math.abs(e) < 1.2e-38 ? 1.5e-45 : 0);
            if (error / Math.abs(e) > worst) {
                worst = error / Math.abs(e);
                worstAt = x[i];
            }
        }
        assertThat(worst)
                .as("largest relative error, at %s", worstAt)
                .isLessThanOrEqualTo(relative);
    }

    private static float[] applyAll(UnaryOperator<FloatVector> f, float[] x) {
        float[] padded = Arrays.copyOf(x, x.length + Lanes.N);
        float[] y = new float[padded.length];
        for (int i = 0; i < x.length; i += Lanes.N) {
            f.apply(FloatVector.fromArray(Lanes.F32, padded, i)).intoArray(y, i);
        }
        return Arrays.copyOf(y, x.length);
    }

    private static float[] apply(UnaryOperator<FloatVector> f, float... x) {
        return applyAll(f, x);
    }

    private static float[] grid(double from, double to, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) (from + (to - from) * i / (n - 1));
        }
        return x;
    }

    private static float[] randomBits(int n) {
        Random random = new Random(7);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = Float.intBitsToFloat(random.nextInt());
        }
        return x;
    }
}
