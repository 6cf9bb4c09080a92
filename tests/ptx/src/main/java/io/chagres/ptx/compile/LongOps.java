package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import io.chagres.ptx.text.Types;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Integer arithmetic and bits in 64 bits.
final class LongOps {
    private static final Set<String> ONE =
            Set.of("not", "cnot", "neg", "abs", "brev", "popc", "clz");

    private LongOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        String type = in.type();
        if (Types.size(type) != 8 || type.equals("f64") || in.has("wide")) {
            return null;
        }
        boolean signed = Types.signed(type);
        String root = in.root();
        List<Operand> o = in.operands();
        if (o.size() == 2) {
            return one(s, in, root, type);
        }
        if (o.size() == 3 && (root.equals("shl") || root.equals("shr"))) {
            int d = s.longTarget(in, o.get(0));
            int a = s.longSource(in, o.get(1), type);
            return Alu.shift(
                    d, a, s.source(in, o.get(2), "u32"), shift(root.equals("shl"), signed));
        }
        if (o.size() == 3) {
            Alu.Long2 f = two(in, root, signed);
            return f == null
                    ? null
                    : Alu.longOp(
                            s.longTarget(in, o.get(0)),
                            s.longSource(in, o.get(1), type),
                            s.longSource(in, o.get(2), type),
                            f);
        }
        if (root.equals("mad")) {
            Alu.LongTernary f =
                    in.has("hi")
                            ? signed
                                    ? (x, y, z) -> Math.multiplyHigh(x, y) + z
                                    : (x, y, z) -> Math.unsignedMultiplyHigh(x, y) + z
                            : (x, y, z) -> x * y + z;
            return Alu.longOp(
                    s.longTarget(in, o.get(0)),
                    s.longSource(in, o.get(1), type),
                    s.longSource(in, o.get(2), type),
                    s.longSource(in, o.get(3), type),
                    Alu.longs(f));
        }
        return root.equals("bfe") || root.equals("bfi") ? field(s, in, type, signed) : null;
    }

    private static @Nullable Op one(Scope s, Instruction in, String root, String type) {
        if (!ONE.contains(root)) {
            return null;
        }
        int a = s.longSource(in, in.operands().get(1), type);
        Alu.Narrow count =
                switch (root) {
                    case "popc" -> narrow(Long::bitCount);
                    case "clz" -> narrow(Long::numberOfLeadingZeros);
                    default -> null;
                };
        if (count != null) {
            return Alu.narrow(s.target(in, in.operands().get(0)), a, count);
        }
        Alu.Long1 f =
                switch (root) {
                    case "not" -> Alu.longs(x -> ~x);
                    case "cnot" -> Alu.longs(x -> x == 0 ? 1 : 0);
                    case "neg" -> Alu.longs(x -> -x);
                    case "abs" -> Alu.longs(Math::abs);
                    case "brev" -> Alu.longs(Long::reverse);
                    default -> null;
                };
        return f == null ? null : Alu.longOp(s.longTarget(in, in.operands().get(0)), a, f);
    }

    private static Alu.Narrow narrow(java.util.function.LongToIntFunction f) {
        return (d, a) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = f.applyAsInt(a[i]);
            }
        };
    }

    private static Alu.Shift shift(boolean left, boolean signed) {
        if (left) {
            return (d, a, b) -> {
                for (int i = 0; i < 32; i++) {
                    d[i] = (b[i] & ~63) != 0 ? 0 : a[i] << b[i];
                }
            };
        }
        if (signed) {
            return (d, a, b) -> {
                for (int i = 0; i < 32; i++) {
                    d[i] = a[i] >> ((b[i] & ~63) != 0 ? 63 : b[i]);
                }
            };
        }
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = (b[i] & ~63) != 0 ? 0 : a[i] >>> b[i];
            }
        };
    }

    private static Alu.@Nullable Long2 two(Instruction in, String root, boolean signed) {
        return switch (root) {
            case "add" ->
                    (d, a, b) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = a[i] + b[i];
                        }
                    };
            case "sub" ->
                    (d, a, b) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = a[i] - b[i];
                        }
                    };
            case "mul" ->
                    in.has("hi")
                            ? signed
                                    ? Alu.longs(Math::multiplyHigh)
                                    : Alu.longs(Math::unsignedMultiplyHigh)
                            : (d, a, b) -> {
                                for (int i = 0; i < 32; i++) {
                                    d[i] = a[i] * b[i];
                                }
                            };
            case "div" ->
                    signed
                            ? Alu.longs((x, y) -> y == 0 ? -1 : x / y)
                            : Alu.longs((x, y) -> y == 0 ? -1 : Long.divideUnsigned(x, y));
            case "rem" ->
                    signed
                            ? Alu.longs((x, y) -> y == 0 ? x : x % y)
                            : Alu.longs((x, y) -> y == 0 ? x : Long.remainderUnsigned(x, y));
            case "min" ->
                    signed
                            ? Alu.longs(Math::min)
                            : Alu.longs((x, y) -> Long.compareUnsigned(x, y) < 0 ? x : y);
            case "max" ->
                    signed
                            ? Alu.longs(Math::max)
                            : Alu.longs((x, y) -> Long.compareUnsigned(x, y) < 0 ? y : x);
            case "and" -> Alu.longs((x, y) -> x & y);
            case "or" -> Alu.longs((x, y) -> x | y);
            case "xor" -> Alu.longs((x, y) -> x ^ y);
            default -> null;
        };
    }

    private static Op field(Scope s, Instruction in, String type, boolean signed) {
        List<Operand> o = in.operands();
        boolean insert = in.root().equals("bfi");
        int d = s.longTarget(in, o.get(0));
        int a = s.longSource(in, o.get(1), type);
        int b = insert ? s.longSource(in, o.get(2), type) : a;
        int at = s.source(in, o.get(insert ? 3 : 2), "u32");
        int length = s.source(in, o.get(insert ? 4 : 3), "u32");
        return (w, m) -> {
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int from = w.r[at][l] & 0xff;
                int n = Math.min(w.r[length][l] & 0xff, 64);
                long ones = n == 64 ? -1 : (1L << n) - 1;
                long x = w.q[a][l];
                if (insert) {
                    long field = from > 63 ? 0 : ones << from;
                    w.q[d][l] = w.q[b][l] & ~field | (from > 63 ? 0 : x << from) & field;
                } else {
                    long moved = signed ? x >> Math.min(from, 63) : from > 63 ? 0 : x >>> from;
                    w.q[d][l] = n == 0 ? 0 : signed ? moved << 64 - n >> 64 - n : moved & ones;
                }
            }
        };
    }
}
