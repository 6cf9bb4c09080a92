package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.machine.PtxFault;
import io.chagres.ptx.machine.Warp;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Instructions by which the lanes of a warp talk to each other.
final class WarpOps {
    private WarpOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        return switch (in.root()) {
            case "shfl" -> shuffle(s, in);
            case "vote" -> vote(s, in);
            case "match" -> match(s, in);
            case "redux" -> redux(s, in);
            case "elect" -> elect(s, in);
            case "activemask" -> {
                int d = s.target(in, in.operands().get(0));
                yield (w, m) -> {
                    java.util.Arrays.fill(w.scratch, m);
                    Alu.keep(w, d, m);
                };
            }
            default -> null;
        };
    }

    /// An operation of the lanes in a member mask.
    private record Members(int mask, Op op) implements Op.Collective {
        @Override
        public int needs(Warp w, int m) {
            int members = w.r[mask][Integer.numberOfTrailingZeros(m)];
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                if (w.r[mask][l] != members && (members >>> l & 1) != 0) {
                    throw w.fault(
                            PtxFault.Kind.LANE_MASK,
                            m,
                            String.format(
                                    "lanes give different member masks, 0x%x and 0x%x",
                                    members, w.r[mask][l]));
                }
                if ((w.r[mask][l] >>> l & 1) == 0) {
                    throw w.fault(
                            PtxFault.Kind.LANE_MASK,
                            1 << l,
                            String.format(
                                    "is executed by a lane outside of its member mask 0x%x",
                                    w.r[mask][l]));
                }
            }
            return members;
        }

        @Override
        public void run(Warp w, int m) {
            op.run(w, m);
        }
    }

    static Op members(int mask, Op op) {
        return new Members(mask, op);
    }

    private static Op shuffle(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        if (!in.has("sync") || o.size() != 5) {
            throw Scope.unsupported(in);
        }
        Operand first = o.get(0) instanceof Operand.Pair p ? p.first() : o.get(0);
        int p = o.get(0) instanceof Operand.Pair q ? s.predicate(in, q.second()) : -1;
        int d = s.target(in, first);
        int a = s.source(in, o.get(1), "b32");
        int b = s.source(in, o.get(2), "u32");
        int c = s.source(in, o.get(3), "u32");
        int mask = s.source(in, o.get(4), "u32");
        int mode =
                switch (in.oneOf("", "up", "down", "bfly", "idx")) {
                    case "up" -> 0;
                    case "down" -> 1;
                    case "bfly" -> 2;
                    case "idx" -> 3;
                    default -> throw Scope.unsupported(in);
                };
        return members(mask, (w, m) -> shuffle(w, m, mode, d, p, w.r[a], w.r[b], w.r[c]));
    }

    private static void shuffle(
            Warp w, int mask, int mode, int d, int p, int[] a, int[] b, int[] c) {
        int inRange = 0;
        for (int k = mask; k != 0; k &= k - 1) {
            int l = Integer.numberOfTrailingZeros(k);
            int n = b[l] & 31;
            int clamp = c[l] & 31;
            int segment = c[l] >>> 8 & 31;
            int max = l & segment | clamp & ~segment;
            int min = l & segment;
            int from =
                    switch (mode) {
                        case 0 -> l - n;
                        case 1 -> l + n;
                        case 2 -> l ^ n;
                        default -> min | n & ~segment;
                    };
            boolean valid = mode == 0 ? from >= max : from <= max;
            if (valid) {
                inRange |= 1 << l;
            } else {
                from = l;
            }
            if ((mask >>> from & 1) == 0) {
                throw w.fault(
                        PtxFault.Kind.LANE_MASK,
                        1 << l,
                        String.format("reads lane %d, which is not in the mask 0x%x", from, mask));
            }
            w.scratch[l] = a[from];
        }
        Alu.keep(w, d, mask);
        if (p >= 0) {
            w.p[p] = w.p[p] & ~mask | inRange;
        }
    }

    private static Op vote(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        if (!in.has("sync")) {
            throw Scope.unsupported(in);
        }
        int a = s.predicate(in, o.get(1));
        int invert = Scope.inversion(o.get(1));
        int mask = s.source(in, o.get(2), "u32");
        String how = in.oneOf("", "all", "any", "uni", "ballot");
        if (how.equals("ballot")) {
            int d = s.target(in, o.get(0));
            return members(
                    mask,
                    (w, m) -> {
                        java.util.Arrays.fill(w.scratch, (w.p[a] ^ invert) & m);
                        Alu.keep(w, d, m);
                    });
        }
        int d = s.predicate(in, o.get(0));
        return members(
                mask,
                (w, m) -> {
                    int v = (w.p[a] ^ invert) & m;
                    boolean yes =
                            switch (how) {
                                case "all" -> v == m;
                                case "any" -> v != 0;
                                default -> v == m || v == 0;
                            };
                    w.p[d] = yes ? w.p[d] | m : w.p[d] & ~m;
                });
    }

    private static Op match(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        Operand first = o.get(0) instanceof Operand.Pair p ? p.first() : o.get(0);
        int p = o.get(0) instanceof Operand.Pair q ? s.predicate(in, q.second()) : -1;
        int d = s.target(in, first);
        boolean wide = in.type().equals("b64");
        int a = wide ? s.longSource(in, o.get(1), "b64") : s.source(in, o.get(1), "b32");
        int mask = s.source(in, o.get(2), "u32");
        boolean all = in.has("all");
        return members(
                mask,
                (w, m) -> {
                    int same = 0;
                    for (int k = m; k != 0; k &= k - 1) {
                        int l = Integer.numberOfTrailingZeros(k);
                        int equal = 0;
                        for (int j = m; j != 0; j &= j - 1) {
                            int i = Integer.numberOfTrailingZeros(j);
                            boolean eq = wide ? w.q[a][i] == w.q[a][l] : w.r[a][i] == w.r[a][l];
                            equal |= eq ? 1 << i : 0;
                        }
                        same = equal;
                        w.scratch[l] = all ? equal == m ? m : 0 : equal;
                    }
                    Alu.keep(w, d, m);
                    if (p >= 0) {
                        w.p[p] = same == m ? w.p[p] | m : w.p[p] & ~m;
                    }
                });
    }

    private static Op redux(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        int d = s.target(in, o.get(0));
        int a = s.source(in, o.get(1), in.type());
        int mask = s.source(in, o.get(2), "u32");
        String how = in.oneOf("", "add", "min", "max", "and", "or", "xor");
        boolean signed = in.type().equals("s32");
        if (how.isEmpty() || in.type().equals("f32")) {
            throw Scope.unsupported(in);
        }
        return members(
                mask,
                (w, m) -> {
                    int first = Integer.numberOfTrailingZeros(m);
                    int v = w.r[a][first];
                    for (int k = m & m - 1; k != 0; k &= k - 1) {
                        int x = w.r[a][Integer.numberOfTrailingZeros(k)];
                        boolean less = signed ? x < v : Integer.compareUnsigned(x, v) < 0;
                        v =
                                switch (how) {
                                    case "add" -> v + x;
                                    case "and" -> v & x;
                                    case "or" -> v | x;
                                    case "xor" -> v ^ x;
                                    case "min" -> less ? x : v;
                                    default -> less ? v : x;
                                };
                    }
                    java.util.Arrays.fill(w.scratch, v);
                    Alu.keep(w, d, m);
                });
    }

    /// Elects the lowest lane of the mask.
    private static Op elect(Scope s, Instruction in) {
        Operand.Pair pair = (Operand.Pair) in.operands().get(0);
        int d = s.target(in, pair.first());
        int p = s.predicate(in, pair.second());
        int mask = s.source(in, in.operands().get(1), "u32");
        return members(
                mask,
                (w, m) -> {
                    int leader = Integer.numberOfTrailingZeros(m);
                    java.util.Arrays.fill(w.scratch, leader);
                    Alu.keep(w, d, m);
                    if (p >= 0) {
                        w.p[p] = w.p[p] & ~m | 1 << leader;
                    }
                });
    }
}
