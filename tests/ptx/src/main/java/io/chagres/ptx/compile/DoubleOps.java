package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Arithmetic in f64, to nearest.
final class DoubleOps {
    private DoubleOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        if (!in.type().equals("f64")
                || Rounding.mode(in.parts()) != Rounding.Mode.NEAREST
                || in.root().equals("setp")) {
            return null;
        }
        List<Operand> o = in.operands();
        if (o.size() == 2) {
            Alu.Long1 f =
                    switch (in.root()) {
                        case "neg" -> Alu.longs(x -> x ^ Long.MIN_VALUE);
                        case "abs" -> Alu.longs(x -> x & Long.MAX_VALUE);
                        case "sqrt" -> Alu.doubles(Math::sqrt);
                        case "rcp" -> Alu.doubles(x -> 1 / x);
                        case "rsqrt" -> Alu.doubles(x -> 1 / Math.sqrt(x));
                        default -> null;
                    };
            return f == null
                    ? null
                    : Alu.longOp(s.longTarget(in, o.get(0)), s.longSource(in, o.get(1), "f64"), f);
        }
        if (o.size() == 3) {
            Alu.Long2 f =
                    switch (in.root()) {
                        case "add" -> Alu.doubles((x, y) -> x + y);
                        case "sub" -> Alu.doubles((x, y) -> x - y);
                        case "mul" -> Alu.doubles((x, y) -> x * y);
                        case "div" -> Alu.doubles((x, y) -> x / y);
                        case "min" ->
                                Alu.doubles((x, y) ->
                                        Double.isNaN(x) ? y : Double.isNaN(y) ? x : Math.min(x, y));
                        case "max" ->
                                Alu.doubles((x, y) ->
                                        Double.isNaN(x) ? y : Double.isNaN(y) ? x : Math.max(x, y));
                        case "copysign" ->
                                Alu.longs((x, y) -> x & Long.MIN_VALUE | y & Long.MAX_VALUE);
                        default -> null;
                    };
            return f == null
                    ? null
                    : Alu.longOp(
                            s.longTarget(in, o.get(0)),
                            s.longSource(in, o.get(1), "f64"),
                            s.longSource(in, o.get(2), "f64"),
                            f);
        }
        if (in.root().equals("fma") || in.root().equals("mad")) {
            return Alu.longOp(
                    s.longTarget(in, o.get(0)),
                    s.longSource(in, o.get(1), "f64"),
                    s.longSource(in, o.get(2), "f64"),
                    s.longSource(in, o.get(3), "f64"),
                    Alu.longs((x, y, z) -> bits(Math.fma(real(x), real(y), real(z)))));
        }
        return null;
    }

    static double real(long bits) {
        return Double.longBitsToDouble(bits);
    }

    static long bits(double value) {
        return Double.doubleToRawLongBits(value);
    }
}
