package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.op.Affine;
import io.chagres.tensor.op.Binary;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Unary;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/// Element-wise primitives.
final class Elementwise {
    private static final double TWO_OVER_ROOT_PI = 2 / StrictMath.sqrt(StrictMath.PI);

    private Elementwise() {}

    static void unary(Unary op, Cells x, Cells y) {
        DoubleUnaryOperator f =
                switch (op) {
                    case EXP -> StrictMath::exp;
                    case LOG -> StrictMath::log;
                    case SQRT -> StrictMath::sqrt;
                    case RSQRT -> v -> 1 / StrictMath.sqrt(v);
                    case TANH -> StrictMath::tanh;
                    case SIGMOID -> v -> 1 / (1 + StrictMath.exp(-v));
                    case RELU -> v -> Math.max(v, 0);
                    case ABS -> Math::abs;
                    case SIGN -> Math::signum;
                    case ERF -> Elementwise::erf;
                    case SIN -> StrictMath::sin;
                    case COS -> StrictMath::cos;
                };
        mapReal(f, x, y);
    }

    static void affine(Affine op, Cells x, Cells y) {
        double k = op.k();
        double b = op.b();
        if (x.isFloat()) {
            mapReal(v -> k * v + b, x, y);
        } else {
            long wholeK = (long) k;
            long wholeB = (long) b;
            mapWhole(v -> wholeK * v + wholeB, x, y);
        }
    }

    static void cast(Cells x, Cells y) {
        if (x.isFloat()) {
            mapReal(v -> v, x, y);
        } else {
            mapWhole(v -> v, x, y);
        }
    }

    static void binary(Binary op, Cells a, Cells b, Cells y) {
        if (!a.isFloat()) {
            LongBinaryOperator f =
                    switch (op) {
                        case ADD -> Long::sum;
                        case SUB -> (p, q) -> p - q;
                        case MUL -> (p, q) -> p * q;
                        case DIV -> Elementwise::divide;
                        case MAX -> Math::max;
                        case MIN -> Math::min;
                        case POW -> Elementwise::power;
                    };
            mapWhole(f, a, b, y);
            return;
        }
        DoubleBinaryOperator f =
                switch (op) {
                    case ADD -> Double::sum;
                    case SUB -> (p, q) -> p - q;
                    case MUL -> (p, q) -> p * q;
                    case DIV -> (p, q) -> p / q;
                    case MAX -> Math::max;
                    case MIN -> Math::min;
                    case POW -> StrictMath::pow;
                };
        mapReal(f, a, b, y);
    }

    static void compare(Compare op, Cells a, Cells b, Cells y) {
        if (!a.isFloat()) {
            LongBinaryOperator f =
                    switch (op) {
                        case EQ -> (p, q) -> p == q ? 1 : 0;
                        case NE -> (p, q) -> p != q ? 1 : 0;
                        case LT -> (p, q) -> p < q ? 1 : 0;
                        case LE -> (p, q) -> p <= q ? 1 : 0;
                        case GT -> (p, q) -> p > q ? 1 : 0;
                        case GE -> (p, q) -> p >= q ? 1 : 0;
                    };
            mapWhole(f, a, b, y);
            return;
        }
        DoubleBinaryOperator f =
                switch (op) {
                    case EQ -> (p, q) -> p == q ? 1 : 0;
                    case NE -> (p, q) -> p != q ? 1 : 0;
                    case LT -> (p, q) -> p < q ? 1 : 0;
                    case LE -> (p, q) -> p <= q ? 1 : 0;
                    case GT -> (p, q) -> p > q ? 1 : 0;
                    case GE -> (p, q) -> p >= q ? 1 : 0;
                };
        mapReal(f, a, b, y);
    }

    static void select(Cells condition, Cells a, Cells b, Cells y) {
        long[] hold = new long[Walk.CHUNK];
        new Walk(
                        y.shape(),
                        condition.strides(y.shape()),
                        a.strides(y.shape()),
                        b.strides(y.shape()),
                        y.strides(y.shape()))
                .run((at, step, n) -> {
                    condition.load(at[0], step[0], n, hold);
                    for (int i = 0; i < n; i++) {
                        long bits =
                                hold[i] != 0
                                        ? a.bits(at[1] + i * step[1])
                                        : b.bits(at[2] + i * step[2]);
                        y.bits(at[3] + i * step[3], bits);
                    }
                });
    }

    private static void mapReal(DoubleUnaryOperator f, Cells x, Cells y) {
        double[] v = new double[Walk.CHUNK];
        new Walk(y.shape(), x.strides(y.shape()), y.strides(y.shape()))
                .run((at, step, n) -> {
                    x.load(at[0], step[0], n, v);
                    for (int i = 0; i < n; i++) {
                        v[i] = f.applyAsDouble(v[i]);
                    }
                    y.store(at[1], step[1], n, v);
                });
    }

    private static void mapWhole(LongUnaryOperator f, Cells x, Cells y) {
        long[] v = new long[Walk.CHUNK];
        new Walk(y.shape(), x.strides(y.shape()), y.strides(y.shape()))
                .run((at, step, n) -> {
                    x.load(at[0], step[0], n, v);
                    for (int i = 0; i < n; i++) {
                        v[i] = f.applyAsLong(v[i]);
                    }
                    y.store(at[1], step[1], n, v);
                });
    }

    private static void mapReal(DoubleBinaryOperator f, Cells a, Cells b, Cells y) {
        double[] v = new double[Walk.CHUNK];
        double[] w = new double[Walk.CHUNK];
        new Walk(y.shape(), a.strides(y.shape()), b.strides(y.shape()), y.strides(y.shape()))
                .run((at, step, n) -> {
                    a.load(at[0], step[0], n, v);
                    b.load(at[1], step[1], n, w);
                    for (int i = 0; i < n; i++) {
                        v[i] = f.applyAsDouble(v[i], w[i]);
                    }
                    y.store(at[2], step[2], n, v);
                });
    }

    private static void mapWhole(LongBinaryOperator f, Cells a, Cells b, Cells y) {
        long[] v = new long[Walk.CHUNK];
        long[] w = new long[Walk.CHUNK];
        new Walk(y.shape(), a.strides(y.shape()), b.strides(y.shape()), y.strides(y.shape()))
                .run((at, step, n) -> {
                    a.load(at[0], step[0], n, v);
                    b.load(at[1], step[1], n, w);
                    for (int i = 0; i < n; i++) {
                        v[i] = f.applyAsLong(v[i], w[i]);
                    }
                    y.store(at[2], step[2], n, v);
                });
    }

    private static long divide(long a, long b) {
        if (b == 0) {
            throw new ArithmeticException("div: whole number " + a + " divided by zero");
        }
        return a / b;
    }

    private static long power(long base, long exponent) {
        if (exponent < 0) {
            return divide(1, power(base, -exponent));
        }
        long result = 1;
        long factor = base;
        for (long e = exponent; e > 0; e >>= 1) {
            if ((e & 1) != 0) {
                result *= factor;
            }
            factor *= factor;
        }
        return result;
    }

    /// The error function by its series without alternating signs, so nothing cancels: erf x = 2/√π
    /// · e^(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)) (Abramowitz, Stegun 7.1.6).
    private static double erf(double x) {
        if (Math.abs(x) >= 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > Math.abs(sum) * 0x1p-54; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return TWO_OVER_ROOT_PI * StrictMath.exp(-x * x) * sum;
    }
}
