package io.chagres.ptx.compile;

import io.chagres.ptx.compile.Rounding.Format;
import io.chagres.ptx.compile.Rounding.Mode;
import io.chagres.ptx.machine.Access;
import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.Space;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import io.chagres.ptx.text.Types;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `atom` and `red`: lane after lane. On real hardware their order is open.
final class AtomicOps {
    private AtomicOps() {}

    /// New contents from old, operand and, for `cas`, the second operand.
    private interface Update {
        long apply(long old, long b, long c);
    }

    static @Nullable Op compile(Scope s, Instruction in) {
        boolean reduce = in.root().equals("red");
        if (!reduce && !in.root().equals("atom") || in.has("async")) {
            return null;
        }
        List<Operand> o = new ArrayList<>(in.operands());
        if (reduce) {
            o.addFirst(new Operand.Sink());
        }
        String type = in.type();
        int size = Types.size(type);
        if (size < 2 || size > 8) {
            throw Scope.unsupported(in);
        }
        List<Operand> targets = Scope.items(o.get(0));
        List<Operand> values = Scope.items(o.get(2));
        int n = values.size();
        boolean wide = size == 8;
        int[] d = new int[n];
        int[] b = new int[n];
        for (int i = 0; i < n; i++) {
            Operand t = targets.size() == n ? targets.get(i) : targets.getFirst();
            d[i] = wide ? s.longTarget(in, t) : s.target(in, t);
            b[i] = wide ? s.longSource(in, values.get(i), type) : s.source(in, values.get(i), type);
        }
        boolean cas = in.has("cas");
        int c =
                !cas
                        ? b[0]
                        : wide ? s.longSource(in, o.get(3), type) : s.source(in, o.get(3), type);
        Scope.Address a = s.address(in, o.get(1));
        Space space = s.space(in, o.get(1));
        Update f = update(in, type, size);
        return (w, m) -> {
            MemoryOps.addresses(w, a);
            MemoryOps.count(w, space, m, size * n, true);
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int at = w.memory.locate(space, w.address[l], size * n, l, Access.ATOMIC);
                for (int i = 0; i < n; i++) {
                    long old = Bytes.get(w.memory.where, at + i * size, size);
                    long x = wide ? w.q[b[i]][l] : w.r[b[i]][l] & 0xffffffffL;
                    long y = wide ? w.q[c][l] : w.r[c][l] & 0xffffffffL;
                    Bytes.put(w.memory.where, at + i * size, size, f.apply(old, x, y));
                    if (wide) {
                        w.q[d[i]][l] = old;
                    } else {
                        w.r[d[i]][l] = (int) old;
                    }
                }
            }
            w.block.event();
        };
    }

    private static Update update(Instruction in, String type, int size) {
        String what =
                in.oneOf("", "add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec");
        boolean signed = Types.signed(type);
        return switch (what) {
            case "add" -> adder(in, type);
            case "exch" -> (old, b, c) -> b;
            case "cas" -> (old, b, c) -> old == b ? c : old;
            case "and" -> (old, b, c) -> old & b;
            case "or" -> (old, b, c) -> old | b;
            case "xor" -> (old, b, c) -> old ^ b;
            case "inc" -> (old, b, c) -> old >= b ? 0 : old + 1;
            case "dec" -> (old, b, c) -> old == 0 || old > b ? b : old - 1;
            case "min", "max" -> {
                Format half = HalfOps.format(type);
                if (half != null) {
                    throw Scope.unsupported(in);
                }
                boolean max = what.equals("max");
                yield (old, b, c) -> {
                    long x = signed && size == 4 ? (int) old : old;
                    long y = signed && size == 4 ? (int) b : b;
                    boolean less = signed ? x < y : Long.compareUnsigned(x, y) < 0;
                    return less == max ? y : x;
                };
            }
            default -> throw Scope.unsupported(in);
        };
    }

    private static Update adder(Instruction in, String type) {
        return switch (type) {
            case "f32" ->
                    (old, b, c) ->
                            Float.floatToRawIntBits(
                                    Float.intBitsToFloat((int) old)
                                            + Float.intBitsToFloat((int) b));
            case "f64" -> (old, b, c) -> DoubleOps.bits(DoubleOps.real(old) + DoubleOps.real(b));
            case "f16", "bf16", "f16x2", "bf16x2" -> {
                Format f = type.startsWith("f16") ? Format.F16 : Format.BF16;
                boolean pair = type.endsWith("x2");
                yield (old, b, c) ->
                        half((int) old, (int) b, f)
                                | (pair ? half((int) old >>> 16, (int) b >>> 16, f) << 16 : 0);
            }
            case "s32", "u32", "s64", "u64" -> (old, b, c) -> old + b;
            default -> throw Scope.unsupported(in);
        };
    }

    private static int half(int x, int y, Format f) {
        double sum = Rounding.widen(x & 0xffff, f) + Rounding.widen(y & 0xffff, f);
        return Rounding.narrow(sum, f, Mode.NEAREST, false);
    }
}
