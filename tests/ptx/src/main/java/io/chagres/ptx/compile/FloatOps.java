package io.chagres.ptx.compile;

import io.chagres.ptx.compile.Alu.Int1;
import io.chagres.ptx.compile.Alu.Int2;
import io.chagres.ptx.compile.Rounding.Mode;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Arithmetic in f32.
///
/// The approximate functions of the hardware are computed to within one unit in the last place
/// here, better than hardware promises: `ex2` 2 ulp, `lg2` 2^-22 absolute near 1, `rsqrt` and `rcp`
/// 1 ulp, `sin` and `cos` 2^-20 absolute in [-pi, pi], `tanh` 2^-11 relative, `div.approx` 2 ulp.
final class FloatOps {
    private FloatOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        if (!in.type().equals("f32") || in.parts().size() < 2) {
            return null;
        }
        List<Operand> o = in.operands();
        Mode mode = Rounding.mode(in.parts());
        boolean flush = in.has("ftz");
        boolean saturate = in.has("sat");
        if (o.size() == 2) {
            Int1 f = one(in.root());
            return f == null
                    ? null
                    : Alu.op(
                            s.target(in, o.get(0)),
                            s.source(in, o.get(1), "f32"),
                            wrap(f, flush, saturate));
        }
        if (o.size() == 3) {
            Int2 f = two(in, mode);
            return f == null
                    ? null
                    : Alu.op(
                            s.target(in, o.get(0)),
                            s.source(in, o.get(1), "f32"),
                            s.source(in, o.get(2), "f32"),
                            wrap(f, flush, saturate));
        }
        if (o.size() == 4 && (in.root().equals("fma") || in.root().equals("mad"))) {
            return Alu.op(
                    s.target(in, o.get(0)),
                    s.source(in, o.get(1), "f32"),
                    s.source(in, o.get(2), "f32"),
                    s.source(in, o.get(3), "f32"),
                    fma(mode, flush, saturate));
        }
        return null;
    }

    static float f(int bits) {
        return Float.intBitsToFloat(bits);
    }

    static int b(float value) {
        return Float.floatToRawIntBits(value);
    }

    /// A subnormal becomes a zero of its sign.
    static int flush(int bits) {
        return (bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits;
    }

    private static int finish(int bits, boolean flush, boolean saturate) {
        int x = flush ? flush(bits) : bits;
        if (!saturate) {
            return x;
        }
        float v = f(x);
        return Float.isNaN(v) ? 0 : b(Math.clamp(v, 0f, 1f));
    }

    private static Int1 wrap(Int1 f, boolean flush, boolean saturate) {
        if (!flush && !saturate) {
            return f;
        }
        return (d, a) -> {
            int[] x = new int[32];
            for (int i = 0; i < 32; i++) {
                x[i] = flush ? flush(a[i]) : a[i];
            }
            f.apply(d, x);
            for (int i = 0; i < 32; i++) {
                d[i] = finish(d[i], flush, saturate);
            }
        };
    }

    private static Int2 wrap(Int2 f, boolean flush, boolean saturate) {
        if (!flush && !saturate) {
            return f;
        }
        return (d, a, b) -> {
            int[] x = new int[32];
            int[] y = new int[32];
            for (int i = 0; i < 32; i++) {
                x[i] = flush ? flush(a[i]) : a[i];
                y[i] = flush ? flush(b[i]) : b[i];
            }
            f.apply(d, x, y);
            for (int i = 0; i < 32; i++) {
                d[i] = finish(d[i], flush, saturate);
            }
        };
    }

    private static @Nullable Int1 one(String root) {
        return switch (root) {
            case "neg" ->
                    (d, a) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = a[i] ^ 0x80000000;
                        }
                    };
            case "abs" ->
                    (d, a) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = a[i] & 0x7fffffff;
                        }
                    };
            case "sqrt" ->
                    (d, a) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = b((float) Math.sqrt(f(a[i])));
                        }
                    };
            case "rcp" ->
                    (d, a) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = b(1f / f(a[i]));
                        }
                    };
            case "rsqrt" ->
                    (d, a) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = b((float) (1.0 / Math.sqrt(f(a[i]))));
                        }
                    };
            case "ex2" ->
                    (d, a) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = b(exp2(f(a[i])));
                        }
                    };
            case "lg2" -> real(x -> Math.log(x) * 1.4426950408889634);
            case "sin" -> real(Math::sin);
            case "cos" -> real(Math::cos);
            case "tanh" -> real(Math::tanh);
            default -> null;
        };
    }

    private static Int1 real(java.util.function.DoubleUnaryOperator g) {
        return (d, a) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = b((float) g.applyAsDouble(f(a[i])));
            }
        };
    }

    /// `2^x` from a Taylor polynomial of degree 9 on [-1/2, 1/2] in double, below 1e-9 of error.
    static float exp2(float x) {
        if (!(x > -160 && x < 129)) {
            return Float.isNaN(x) ? x : x > 0 ? Float.POSITIVE_INFINITY : 0;
        }
        double n = Math.rint(x);
        double t = (x - n) * 0.6931471805599453;
        double p = 1 / 362880.0;
        p = p * t + 1 / 40320.0;
        p = p * t + 1 / 5040.0;
        p = p * t + 1 / 720.0;
        p = p * t + 1 / 120.0;
        p = p * t + 1 / 24.0;
        p = p * t + 1 / 6.0;
        p = p * t + 0.5;
        p = p * t + 1;
        p = p * t + 1;
        return (float) (p * Double.longBitsToDouble((long) n + 1023 << 52));
    }

    private static @Nullable Int2 two(Instruction in, Mode mode) {
        boolean nearest = mode == Mode.NEAREST;
        boolean nan = in.has("NaN");
        return switch (in.root()) {
            case "add" -> nearest ? add() : Alu.ints((x, y) -> b(Rounding.sum(f(x), f(y), mode)));
            case "sub" ->
                    nearest
                            ? sub()
                            : Alu.ints((x, y) -> b(Rounding.sum(f(x), -(double) f(y), mode)));
            case "mul" ->
                    nearest
                            ? mul()
                            : Alu.ints((x, y) -> b(Rounding.direct((double) f(x) * f(y), 0, mode)));
            case "div" -> nearest ? div() : null;
            case "min" -> Alu.ints((x, y) -> b(min(f(x), f(y), nan)));
            case "max" -> nan ? Alu.ints((x, y) -> b(Math.max(f(x), f(y)))) : max();
            case "copysign" -> Alu.ints((x, y) -> x & 0x80000000 | y & 0x7fffffff);
            default -> null;
        };
    }

    private static Int2 add() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = b(f(a[i]) + f(b[i]));
            }
        };
    }

    private static Int2 sub() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = b(f(a[i]) - f(b[i]));
            }
        };
    }

    private static Int2 mul() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = b(f(a[i]) * f(b[i]));
            }
        };
    }

    private static Int2 div() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = b(f(a[i]) / f(b[i]));
            }
        };
    }

    private static Int2 max() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                float x = f(a[i]);
                float y = f(b[i]);
                d[i] = b(Float.isNaN(x) ? y : Float.isNaN(y) ? x : Math.max(x, y));
            }
        };
    }

    static float min(float x, float y, boolean nan) {
        if (nan) {
            return Math.min(x, y);
        }
        return Float.isNaN(x) ? y : Float.isNaN(y) ? x : Math.min(x, y);
    }

    private static Alu.Int3 fma(Mode mode, boolean flush, boolean saturate) {
        if (mode == Mode.NEAREST && !flush && !saturate) {
            return (d, a, b, c) -> {
                for (int i = 0; i < 32; i++) {
                    d[i] = b(Math.fma(f(a[i]), f(b[i]), f(c[i])));
                }
            };
        }
        return Alu.ints((x, y, z) -> {
            float u = f(flush ? flush(x) : x);
            float v = f(flush ? flush(y) : y);
            float t = f(flush ? flush(z) : z);
            float r =
                    mode == Mode.NEAREST
                            ? Math.fma(u, v, t)
                            : Rounding.sum((double) u * v, t, mode);
            return finish(b(r), flush, saturate);
        });
    }
}
