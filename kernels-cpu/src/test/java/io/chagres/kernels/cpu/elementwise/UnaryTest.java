package io.chagres.kernels.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Native;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UnaryTest {
    private static final boolean[] IN_PLACE = {false, true};

    @ParameterizedTest
    @EnumSource
    void equalsTheDoubleReferenceAtEveryLength(UnaryOp op) {
        for (int size : Native.SIZES) {
            for (boolean inPlace : IN_PLACE) {
                try (Native n = new Native(size)) {
                    float[] x = n.normals(size, 3);
                    if (op == UnaryOp.LOG || op == UnaryOp.SQRT || op == UnaryOp.RSQRT) {
                        for (int i = 0; i < size; i++) {
                            x[i] = Math.abs(x[i]) + 1e-3f;
                        }
                    }
                    long in = n.of(x);
                    long out = inPlace ? in : n.floats(size);
                    Unary.apply(op, in, out, size);
                    n.assertClose(op.name(), out, Native.map(x, exact(op)), 4e-7, 2e-7);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aValueDoesNotDependOnItsPlaceNorOnThreads(UnaryOp op) {
        int size = (int) (2 * Grain.ELEMENTS + 77);
        try (Native n = new Native(5);
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            float[] x = new float[size];
            float[] some = n.normals(7, 2);
            for (int i = 0; i < size; i++) {
                x[i] = some[i % 7];
            }
            long in = n.of(x);
            long a = n.floats(size);
            long b = n.floats(size);
            Unary.apply(one, op, in, a, size);
            Unary.apply(three, op, in, b, size);
            float[] got = Native.get(a, size);
            assertThat(Native.get(b, size)).isEqualTo(got);
            for (int i = 7; i < size; i++) {
                assertThat(Float.floatToRawIntBits(got[i]))
                        .isEqualTo(Float.floatToRawIntBits(got[i % 7]));
            }
            n.assertGuardsIntact();
        }
    }

    @Test
    void specialValues() {
        float inf = Float.POSITIVE_INFINITY;
        try (Native n = new Native(6)) {
            long x = n.of(Float.NaN, inf, -inf, -0f, 0f);
            long y = n.floats(5);
            Unary.apply(UnaryOp.RELU, x, y, 5);
            assertThat(Native.get(y, 5)).containsExactly(Float.NaN, inf, 0f, 0f, 0f);
            Unary.apply(UnaryOp.ABS, x, y, 5);
            assertThat(Native.get(y, 5)).containsExactly(Float.NaN, inf, inf, 0f, 0f);
            Unary.apply(UnaryOp.NEG, x, y, 5);
            assertThat(Native.get(y, 5)).containsExactly(Float.NaN, -inf, inf, 0f, -0f);
        }
    }

    @Test
    void affineRoundsOnce() {
        try (Native n = new Native(7);
                WorkerPool pool = new WorkerPool(2)) {
            int size = (int) Grain.ELEMENTS + 19;
            float[] x = n.normals(size, 1);
            long y = n.floats(size);
            Unary.affine(pool, n.of(x), y, 1.7f, -0.3f, size);
            for (int i = 0; i < size; i++) {
                assertThat(Native.at(y, i)).isEqualTo(Math.fma(x[i], 1.7f, -0.3f));
            }
            n.assertGuardsIntact();
        }
    }

    @Test
    void sineAndCosineOfAnyAngle() {
        int size = 4_000;
        try (Native n = new Native(6)) {
            float[] x = n.normals(size, 400);
            float[] special = {0f, -0f, Float.MIN_VALUE, 99_999.99f, -1e5f, 1e9f, -3e38f, 5e-4f};
            System.arraycopy(special, 0, x, 100, special.length);
            x[200] = Float.NaN;
            x[300] = Float.POSITIVE_INFINITY;
            long y = n.floats(size);
            for (UnaryOp op : new UnaryOp[] {UnaryOp.SIN, UnaryOp.COS}) {
                Unary.apply(op, n.of(x), y, size);
                for (int i = 0; i < size; i++) {
                    double exact = op == UnaryOp.SIN ? StrictMath.sin(x[i]) : StrictMath.cos(x[i]);
                    assertThat(Float.floatToIntBits(Native.at(y, i)))
                            .as("%s of %s", op, x[i])
                            .isEqualTo(Float.floatToIntBits((float) exact));
                }
            }
        }
    }

    private static DoubleUnaryOperator exact(UnaryOp op) {
        return switch (op) {
            case EXP -> Math::exp;
            case LOG -> Math::log;
            case SQRT -> Math::sqrt;
            case RSQRT -> x -> 1 / Math.sqrt(x);
            case TANH -> Math::tanh;
            case SIGMOID -> x -> 1 / (1 + Math.exp(-x));
            case RELU -> x -> Math.max(x, 0);
            case ABS -> Math::abs;
            case NEG -> x -> -x;
            case ERF -> Native::erf;
            case SIN -> Math::sin;
            case COS -> Math::cos;
            case SQUARE -> x -> x * x;
            case SILU -> x -> x / (1 + Math.exp(-x));
            case GELU_TANH ->
                    x -> {
                        double u = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
                        return 0.5 * x * (1 + Math.tanh(u));
                    };
            case GELU_ERF -> x -> 0.5 * x * (1 + Native.erf(x / Math.sqrt(2)));
        };
    }
}
