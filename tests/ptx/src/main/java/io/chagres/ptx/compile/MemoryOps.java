package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Access;
import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.Space;
import io.chagres.ptx.machine.Warp;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import io.chagres.ptx.text.Types;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Loads and stores of one to eight values. Orders, scopes and hints about caches change nothing.
final class MemoryOps {
    private MemoryOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        return switch (in.root()) {
            case "ld", "ldu" -> load(s, in);
            case "st" -> store(s, in);
            case "prefetch", "prefetchu", "discard", "applypriority", "createpolicy" ->
                    nothing(s, in);
            default -> null;
        };
    }

    /// A hint: nothing happens, but a policy it makes is a value.
    private static Op nothing(Scope s, Instruction in) {
        if (in.root().equals("createpolicy")) {
            int d = s.longTarget(in, in.operands().get(0));
            return (w, m) -> {
                java.util.Arrays.fill(w.longScratch, 0);
                Alu.keepLong(w, d, m);
            };
        }
        return (w, m) -> {};
    }

    /// The registers of a vector: 32-bit ones as they are, 64-bit ones as their complement.
    private static int[] registers(
            Scope s, Instruction in, Operand o, boolean target, String type) {
        List<Operand> items = Scope.items(o);
        int[] out = new int[items.size()];
        boolean wide = Types.size(type) == 8;
        for (int i = 0; i < out.length; i++) {
            Operand item = items.get(i);
            if (wide || Scope.wide(item)) {
                out[i] = ~(target ? s.longTarget(in, item) : s.longSource(in, item, type));
            } else {
                out[i] = target ? s.target(in, item) : s.source(in, item, type);
            }
        }
        return out;
    }

    /// Puts the addresses of the lanes into the warp's scratch.
    static void addresses(Warp w, Scope.Address a) {
        long[] to = w.address;
        long offset = a.offset();
        if (a.wide()) {
            long[] from = w.q[a.register()];
            for (int i = 0; i < 32; i++) {
                to[i] = from[i] + offset;
            }
        } else {
            int[] from = w.r[a.register()];
            for (int i = 0; i < 32; i++) {
                to[i] = (from[i] & 0xffffffffL) + offset & 0xffffffffL;
            }
        }
    }

    static void count(Warp w, Space space, int mask, int bytes, boolean write) {
        if (space == Space.GLOBAL || space == Space.CONST) {
            w.memory.countGlobal(mask, bytes, write);
        } else if (space == Space.SHARED) {
            w.memory.countShared(mask, bytes);
        } else if (space == Space.GENERIC) {
            Space real = Space.of(w.address[Integer.numberOfTrailingZeros(mask)]);
            if (real != Space.GENERIC && real != Space.LOCAL && real != Space.PARAM) {
                count(w, real, mask, bytes, write);
            }
        }
    }

    private static Op load(Scope s, Instruction in) {
        String type = in.type();
        int size = Types.size(type);
        if (size == 0 || size > 8) {
            throw Scope.unsupported(in);
        }
        int[] d = registers(s, in, in.operands().get(0), true, type);
        Scope.Address a = s.address(in, in.operands().get(1));
        Space space = s.space(in, in.operands().get(1));
        boolean signed = Types.signed(type);
        int unused = 64 - 8 * size;
        int total = size * d.length;
        boolean cached = in.has("nc") || in.root().equals("ldu");
        Access access = cached ? Access.READ_ONLY : Access.READ;
        if (d.length == 1 && size == 4 && d[0] >= 0) {
            int to = d[0];
            return (w, m) -> {
                addresses(w, a);
                count(w, space, m, 4, false);
                int[] r = w.r[to];
                for (int k = m; k != 0; k &= k - 1) {
                    int l = Integer.numberOfTrailingZeros(k);
                    int at = w.memory.locate(space, w.address[l], 4, l, access);
                    r[l] = Bytes.getInt(w.memory.where, at);
                }
            };
        }
        return (w, m) -> {
            addresses(w, a);
            count(w, space, m, total, false);
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int at = w.memory.locate(space, w.address[l], total, l, access);
                for (int i = 0; i < d.length; i++) {
                    long v = Bytes.get(w.memory.where, at + i * size, size);
                    if (d[i] < 0) {
                        w.q[~d[i]][l] = signed ? v << unused >> unused : v;
                    } else if (signed && size == 1) {
                        w.r[d[i]][l] = (byte) v;
                    } else {
                        w.r[d[i]][l] = signed && size == 2 ? (short) v & 0xffff : (int) v;
                    }
                }
            }
        };
    }

    private static Op store(Scope s, Instruction in) {
        String type = in.type();
        int size = Types.size(type);
        if (size == 0 || size > 8 || in.has("async")) {
            throw Scope.unsupported(in);
        }
        int[] v = registers(s, in, in.operands().get(1), false, type);
        Scope.Address a = s.address(in, in.operands().get(0));
        Space space = s.space(in, in.operands().get(0));
        int total = size * v.length;
        return (w, m) -> {
            addresses(w, a);
            count(w, space, m, total, true);
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int at = w.memory.locate(space, w.address[l], total, l, Access.WRITE);
                for (int i = 0; i < v.length; i++) {
                    long x = v[i] < 0 ? w.q[~v[i]][l] : w.r[v[i]][l];
                    Bytes.put(w.memory.where, at + i * size, size, x);
                }
            }
        };
    }
}
