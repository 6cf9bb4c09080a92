package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.Space;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import io.chagres.ptx.text.Types;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Moves, packing and unpacking of registers, and addresses between state spaces.
final class MoveOps {
    private MoveOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        return switch (in.root()) {
            case "mov" -> move(s, in);
            case "cvta" -> cvta(s, in);
            case "isspacep" -> isSpace(s, in);
            case "mapa" -> mapa(s, in);
            case "getctarank" -> rank(s, in);
            default -> null;
        };
    }

    private static @Nullable Op move(Scope s, Instruction in) {
        String type = in.type();
        Operand to = in.operands().get(0);
        Operand from = in.operands().get(1);
        int size = Types.size(type);
        if (type.equals("pred") || size == 0) {
            return null;
        }
        if (from instanceof Operand.Vector v) {
            return pack(s, in, to, v.items(), size);
        }
        if (to instanceof Operand.Vector v) {
            return unpack(s, in, v.items(), from, size);
        }
        if (size == 8) {
            int d = s.longTarget(in, to);
            if (from instanceof Operand.Special special) {
                return counter(special, d, in);
            }
            int a = s.longSource(in, from, type);
            return Alu.longOp(d, a, (x, y) -> System.arraycopy(y, 0, x, 0, 32));
        }
        int d = s.target(in, to);
        int a = s.source(in, from, type);
        return Alu.op(d, a, (Alu.Int1) (x, y) -> System.arraycopy(y, 0, x, 0, 32));
    }

    /// Clocks count the instructions of the machine's thread; they only ever grow.
    private static Op counter(Operand.Special special, int d, Instruction in) {
        if (!special.name().equals("%clock64") && !special.name().equals("%globaltimer")) {
            throw Scope.unsupported(in);
        }
        return (w, m) -> {
            Arrays.fill(w.longScratch, System.nanoTime());
            Alu.keepLong(w, d, m);
        };
    }

    private static Op pack(Scope s, Instruction in, Operand to, List<Operand> parts, int size) {
        int n = parts.size();
        int bits = 8 * size / n;
        String type = "b" + bits;
        int[] a = new int[n];
        for (int i = 0; i < n; i++) {
            a[i] = s.source(in, parts.get(i), type);
        }
        long mask = bits == 32 ? 0xffffffffL : (1L << bits) - 1;
        boolean wide = size == 8;
        int d = wide ? s.longTarget(in, to) : s.target(in, to);
        return (w, m) -> {
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                long v = 0;
                for (int i = 0; i < n; i++) {
                    v |= (w.r[a[i]][l] & mask) << bits * i;
                }
                if (wide) {
                    w.q[d][l] = v;
                } else {
                    w.r[d][l] = (int) v;
                }
            }
        };
    }

    private static Op unpack(Scope s, Instruction in, List<Operand> parts, Operand from, int size) {
        int n = parts.size();
        int bits = 8 * size / n;
        int[] d = new int[n];
        for (int i = 0; i < n; i++) {
            d[i] = s.target(in, parts.get(i));
        }
        long mask = bits == 32 ? 0xffffffffL : (1L << bits) - 1;
        boolean wide = size == 8;
        int a = wide ? s.longSource(in, from, "b64") : s.source(in, from, "b32");
        return (w, m) -> {
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                long v = wide ? w.q[a][l] : w.r[a][l];
                for (int i = 0; i < n; i++) {
                    w.r[d[i]][l] = (int) (v >>> bits * i & mask);
                }
            }
        };
    }

    private static Op cvta(Scope s, Instruction in) {
        Space space = s.space(in, in.operands().get(1));
        long window = in.has("to") ? -space.start() : space.start();
        Operand to = in.operands().get(0);
        Operand from = in.operands().get(1);
        if (!Scope.wide(to)) {
            throw Scope.unsupported(in);
        }
        int d = s.longTarget(in, to);
        int a = s.longSource(in, from, "u64");
        return Alu.longOp(
                d,
                a,
                (x, y) -> {
                    for (int i = 0; i < 32; i++) {
                        x[i] = y[i] + window;
                    }
                });
    }

    private static Op isSpace(Scope s, Instruction in) {
        int d = s.predicate(in, in.operands().get(0));
        int a = s.longSource(in, in.operands().get(1), "u64");
        Space space = s.space(in, in.operands().get(1));
        Space want = space == Space.CONST ? Space.GLOBAL : space;
        return (w, m) -> {
            int out = 0;
            for (int i = 0; i < 32; i++) {
                out |= Space.of(w.q[a][i]) == want ? 1 << i : 0;
            }
            w.p[d] = w.p[d] & ~m | out & m;
        };
    }

    /// `mapa.shared::cluster.u32 d, a, rank`: the same place in another block of the cluster.
    private static Op mapa(Scope s, Instruction in) {
        boolean generic = !in.has("shared::cluster");
        int rank = s.source(in, in.operands().get(2), "u32");
        long below = (1L << Space.RANK_SHIFT) - 1;
        if (Types.size(in.type()) == 8) {
            int d = s.longTarget(in, in.operands().get(0));
            int a = s.longSource(in, in.operands().get(1), "u64");
            long window = generic ? Space.SHARED_WINDOW : 0;
            return (w, m) -> {
                for (int i = 0; i < 32; i++) {
                    long at = w.q[a][i] - window & below;
                    w.longScratch[i] = window + at + ((w.r[rank][i] + 1L) << Space.RANK_SHIFT);
                }
                Alu.keepLong(w, d, m);
            };
        }
        return Alu.op(
                s.target(in, in.operands().get(0)),
                s.source(in, in.operands().get(1), "u32"),
                rank,
                Alu.ints((x, y) -> x & (int) below | y + 1 << Space.RANK_SHIFT));
    }

    private static Op rank(Scope s, Instruction in) {
        if (Types.size(in.type()) != 4) {
            throw Scope.unsupported(in);
        }
        int d = s.target(in, in.operands().get(0));
        int a = s.source(in, in.operands().get(1), "u32");
        return (w, m) -> {
            for (int i = 0; i < 32; i++) {
                int r = (w.r[a][i] >>> Space.RANK_SHIFT) - 1;
                w.scratch[i] = r < 0 ? w.block.rank() : r;
            }
            Alu.keep(w, d, m);
        };
    }
}
