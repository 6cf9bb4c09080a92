package io.chagres.ptx.compile;

import io.chagres.ptx.compile.Rounding.Format;
import io.chagres.ptx.compile.Rounding.Mode;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Arithmetic in f16 and bf16, one value or two in a register.
///
/// Each value is computed in double and rounded once, as a fused instruction does.
final class HalfOps {
    private HalfOps() {}

    private interface Ternary {
        double apply(double a, double b, double c);
    }

    static @Nullable Op compile(Scope s, Instruction in) {
        String type = in.type();
        Format format = format(type);
        if (format == null || in.root().equals("cvt") || in.root().equals("atom")) {
            return null;
        }
        Ternary f = function(in);
        if (f == null) {
            return null;
        }
        boolean pair = type.endsWith("x2");
        boolean relu = in.has("relu");
        boolean saturate = in.has("sat");
        boolean bitwise = in.root().equals("neg") || in.root().equals("abs");
        List<Operand> o = in.operands();
        int a = s.source(in, o.get(1), type);
        int b = o.size() > 2 ? s.source(in, o.get(2), type) : a;
        int c = o.size() > 3 ? s.source(in, o.get(3), type) : a;
        if (bitwise) {
            int sign = pair ? 0x80008000 : 0x8000;
            boolean neg = in.root().equals("neg");
            return Alu.op(s.target(in, o.get(0)), a, Alu.ints(x -> neg ? x ^ sign : x & ~sign));
        }
        Alu.IntTernary one =
                (x, y, z) -> {
                    double v =
                            f.apply(
                                    Rounding.widen(x & 0xffff, format),
                                    Rounding.widen(y & 0xffff, format),
                                    Rounding.widen(z & 0xffff, format));
                    if (relu && v < 0) {
                        v = 0;
                    }
                    if (saturate) {
                        v = Double.isNaN(v) ? 0 : Math.clamp(v, 0.0, 1.0);
                    }
                    return Rounding.narrow(v, format, Mode.NEAREST, false);
                };
        Alu.IntTernary g =
                pair
                        ? (x, y, z) ->
                                one.apply(x, y, z) | one.apply(x >>> 16, y >>> 16, z >>> 16) << 16
                        : one;
        return Alu.op(s.target(in, o.get(0)), a, b, c, Alu.ints(g));
    }

    /// The format of a type's values, or null when they are not 16 bits wide.
    static @Nullable Format format(String type) {
        return switch (type) {
            case "f16", "f16x2" -> Format.F16;
            case "bf16", "bf16x2" -> Format.BF16;
            default -> null;
        };
    }

    private static @Nullable Ternary function(Instruction in) {
        boolean nan = in.has("NaN");
        return switch (in.root()) {
            case "add" -> (a, b, c) -> a + b;
            case "sub" -> (a, b, c) -> a - b;
            case "mul" -> (a, b, c) -> a * b;
            case "fma" -> Math::fma;
            case "min" ->
                    (a, b, c) ->
                            nan
                                    ? Math.min(a, b)
                                    : Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.min(a, b);
            case "max" ->
                    (a, b, c) ->
                            nan
                                    ? Math.max(a, b)
                                    : Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.max(a, b);
            case "neg", "abs" -> (a, b, c) -> a;
            case "ex2" -> (a, b, c) -> FloatOps.exp2((float) a);
            case "tanh" -> (a, b, c) -> Math.tanh(a);
            default -> null;
        };
    }
}
