package io.chagres.ptx.compile;

import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import io.chagres.ptx.text.Types;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Comparisons, selections and the logic of predicates.
final class CompareOps {
    private CompareOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        return switch (in.root()) {
            case "setp" -> setp(s, in);
            case "set" -> set(s, in);
            case "selp" -> selp(s, in);
            case "slct" -> slct(s, in);
            case "and", "or", "xor", "not", "mov" -> in.type().equals("pred") ? logic(s, in) : null;
            default -> null;
        };
    }

    /// Compares the operands `a` and `a + 1`: a bit a lane.
    private interface Compare {
        int apply(io.chagres.ptx.machine.Warp w, int mask);
    }

    private static Compare compare(Scope s, Instruction in, String relation, String type, int a) {
        Operand first = in.operands().get(a);
        Operand second = in.operands().get(a + 1);
        if (Types.size(type) == 8) {
            int x = s.longSource(in, first, type);
            int y = s.longSource(in, second, type);
            Alu.LongTest t = type.equals("f64") ? doubles(relation, in) : longs(relation, type, in);
            return (w, m) -> t.apply(w.q[x], w.q[y]);
        }
        int x = s.source(in, first, type);
        int y = s.source(in, second, type);
        Alu.Test t =
                switch (type) {
                    case "f32" -> floats(relation, in, in.has("ftz"));
                    case "f16", "bf16" -> halves(relation, in, type);
                    default -> ints(relation, type, in);
                };
        return (w, m) -> t.apply(w.r[x], w.r[y]);
    }

    private static Alu.Test ints(String relation, String type, Instruction in) {
        int bias = type.charAt(0) == 's' ? 0 : Integer.MIN_VALUE;
        int up = type.equals("s16") ? 16 : type.equals("s8") ? 24 : 0;
        return switch (relation) {
            case "eq" ->
                    (a, b) -> {
                        int out = 0;
                        for (int i = 0; i < 32; i++) {
                            out |= a[i] == b[i] ? 1 << i : 0;
                        }
                        return out;
                    };
            case "ne" ->
                    (a, b) -> {
                        int out = 0;
                        for (int i = 0; i < 32; i++) {
                            out |= a[i] != b[i] ? 1 << i : 0;
                        }
                        return out;
                    };
            case "lt", "lo" -> less(bias, up, false);
            case "ge", "hs" -> less(bias, up, true);
            case "gt", "hi" -> greater(bias, up, false);
            case "le", "ls" -> greater(bias, up, true);
            default -> throw Scope.unsupported(in);
        };
    }

    private static Alu.Test less(int bias, int up, boolean not) {
        int flip = not ? -1 : 0;
        return (a, b) -> {
            int out = 0;
            for (int i = 0; i < 32; i++) {
                out |= (a[i] << up) + bias < (b[i] << up) + bias ? 1 << i : 0;
            }
            return out ^ flip;
        };
    }

    private static Alu.Test greater(int bias, int up, boolean not) {
        int flip = not ? -1 : 0;
        return (a, b) -> {
            int out = 0;
            for (int i = 0; i < 32; i++) {
                out |= (a[i] << up) + bias > (b[i] << up) + bias ? 1 << i : 0;
            }
            return out ^ flip;
        };
    }

    private static Alu.LongTest longs(String relation, String type, Instruction in) {
        long bias = type.charAt(0) == 's' ? 0 : Long.MIN_VALUE;
        int want =
                switch (relation) {
                    case "eq" -> 2;
                    case "ne" -> 5;
                    case "lt", "lo" -> 1;
                    case "le", "ls" -> 3;
                    case "gt", "hi" -> 4;
                    case "ge", "hs" -> 6;
                    default -> throw Scope.unsupported(in);
                };
        return (a, b) -> {
            int out = 0;
            for (int i = 0; i < 32; i++) {
                int order = 1 << Integer.signum(Long.compare(a[i] + bias, b[i] + bias)) + 1;
                out |= (order & want) != 0 ? 1 << i : 0;
            }
            return out;
        };
    }

    /// Bits: 1 less, 2 equal, 4 greater, 8 unordered.
    private static int wanted(String relation, Instruction in) {
        return switch (relation) {
            case "eq" -> 2;
            case "ne" -> 5;
            case "lt" -> 1;
            case "le" -> 3;
            case "gt" -> 4;
            case "ge" -> 6;
            case "equ" -> 10;
            case "neu" -> 13;
            case "ltu" -> 9;
            case "leu" -> 11;
            case "gtu" -> 12;
            case "geu" -> 14;
            case "num" -> 7;
            case "nan" -> 8;
            default -> throw Scope.unsupported(in);
        };
    }

    private static Alu.Test floats(String relation, Instruction in, boolean flush) {
        int want = wanted(relation, in);
        return (a, b) -> {
            int out = 0;
            for (int i = 0; i < 32; i++) {
                float x = Float.intBitsToFloat(flush ? FloatOps.flush(a[i]) : a[i]);
                float y = Float.intBitsToFloat(flush ? FloatOps.flush(b[i]) : b[i]);
                int order = x < y ? 1 : x == y ? 2 : x > y ? 4 : 8;
                out |= (order & want) != 0 ? 1 << i : 0;
            }
            return out;
        };
    }

    private static Alu.Test halves(String relation, Instruction in, String type) {
        int want = wanted(relation, in);
        boolean bf16 = type.equals("bf16");
        return (a, b) -> {
            int out = 0;
            for (int i = 0; i < 32; i++) {
                float x = half(a[i], bf16);
                float y = half(b[i], bf16);
                int order = x < y ? 1 : x == y ? 2 : x > y ? 4 : 8;
                out |= (order & want) != 0 ? 1 << i : 0;
            }
            return out;
        };
    }

    /// The value of the low 16 bits.
    static float half(int bits, boolean bf16) {
        return bf16 ? Float.intBitsToFloat(bits << 16) : Float.float16ToFloat((short) bits);
    }

    private static Alu.LongTest doubles(String relation, Instruction in) {
        int want = wanted(relation, in);
        return (a, b) -> {
            int out = 0;
            for (int i = 0; i < 32; i++) {
                double x = Double.longBitsToDouble(a[i]);
                double y = Double.longBitsToDouble(b[i]);
                int order = x < y ? 1 : x == y ? 2 : x > y ? 4 : 8;
                out |= (order & want) != 0 ? 1 << i : 0;
            }
            return out;
        };
    }

    private static Op setp(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        boolean pair = o.get(0) instanceof Operand.Pair;
        Operand first = o.get(0) instanceof Operand.Pair p ? p.first() : o.get(0);
        int d = s.predicate(in, first);
        int e = pair ? s.predicate(in, ((Operand.Pair) o.get(0)).second()) : -1;
        Compare c = compare(s, in, in.parts().get(1), in.type(), 1);
        if (o.size() == 3) {
            return (w, m) -> assign(w.p, d, e, c.apply(w, m), ~0, m, 0);
        }
        int other = s.predicate(in, o.get(3));
        int invert = Scope.inversion(o.get(3));
        int how =
                switch (in.oneOf("", "and", "or", "xor")) {
                    case "and" -> 0;
                    case "or" -> 1;
                    case "xor" -> 2;
                    default -> throw Scope.unsupported(in);
                };
        return (w, m) -> assign(w.p, d, e, c.apply(w, m), w.p[other] ^ invert, m, how);
    }

    private static void assign(int[] p, int d, int e, int result, int other, int mask, int how) {
        int yes = how == 0 ? result & other : how == 1 ? result | other : result ^ other;
        int no = how == 0 ? ~result & other : how == 1 ? ~result | other : ~result ^ other;
        if (d >= 0) {
            p[d] = p[d] & ~mask | yes & mask;
        }
        if (e >= 0) {
            p[e] = p[e] & ~mask | no & mask;
        }
    }

    /// `set.eq.u32.f32 d, a, b`: all ones or 1.0 where it holds.
    private static Op set(Scope s, Instruction in) {
        List<String> parts = in.parts();
        String to = parts.get(parts.size() - 2);
        if (in.operands().size() != 3 || Types.size(to) != 4) {
            throw Scope.unsupported(in);
        }
        int d = s.target(in, in.operands().get(0));
        Compare c = compare(s, in, parts.get(1), in.type(), 1);
        int yes = to.equals("f32") ? 0x3f800000 : -1;
        return (w, m) -> {
            int result = c.apply(w, m);
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                w.r[d][l] = (result >>> l & 1) != 0 ? yes : 0;
            }
        };
    }

    private static Op selp(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        int c = s.predicate(in, o.get(3));
        int invert = Scope.inversion(o.get(3));
        String type = in.type();
        if (Types.size(type) == 8) {
            int d = s.longTarget(in, o.get(0));
            int a = s.longSource(in, o.get(1), type);
            int b = s.longSource(in, o.get(2), type);
            return (w, m) -> {
                int p = w.p[c] ^ invert;
                long[] x = w.q[a];
                long[] y = w.q[b];
                long[] z = m == -1 ? w.q[d] : w.longScratch;
                for (int i = 0; i < 32; i++) {
                    z[i] = (p >>> i & 1) != 0 ? x[i] : y[i];
                }
                if (m != -1) {
                    Alu.keepLong(w, d, m);
                }
            };
        }
        int d = s.target(in, o.get(0));
        int a = s.source(in, o.get(1), type);
        int b = s.source(in, o.get(2), type);
        return (w, m) -> {
            int p = w.p[c] ^ invert;
            int[] x = w.r[a];
            int[] y = w.r[b];
            int[] z = m == -1 ? w.r[d] : w.scratch;
            for (int i = 0; i < 32; i++) {
                z[i] = (p >>> i & 1) != 0 ? x[i] : y[i];
            }
            if (m != -1) {
                Alu.keep(w, d, m);
            }
        };
    }

    private static Op slct(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        String type = in.parts().get(in.parts().size() - 2);
        int c = s.source(in, o.get(3), in.type());
        boolean real = in.type().equals("f32");
        if (Types.size(type) != 4) {
            throw Scope.unsupported(in);
        }
        return Alu.op(
                s.target(in, o.get(0)),
                s.source(in, o.get(1), type),
                s.source(in, o.get(2), type),
                c,
                Alu.ints((x, y, z) -> (real ? Float.intBitsToFloat(z) >= 0 : z >= 0) ? x : y));
    }

    private static Op logic(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        int d = s.predicate(in, o.get(0));
        if (o.get(1) instanceof Operand.Imm i) {
            int all = i.bits() != 0 ? -1 : 0;
            return (w, m) -> w.p[d] = w.p[d] & ~m | all & m;
        }
        int a = s.predicate(in, o.get(1));
        int invertA = Scope.inversion(o.get(1));
        int b = o.size() > 2 ? s.predicate(in, o.get(2)) : a;
        int invertB = o.size() > 2 ? Scope.inversion(o.get(2)) : 0;
        String root = in.root();
        return (w, m) -> {
            int x = w.p[a] ^ invertA;
            int y = w.p[b] ^ invertB;
            int v =
                    switch (root) {
                        case "and" -> x & y;
                        case "or" -> x | y;
                        case "xor" -> x ^ y;
                        case "not" -> ~x;
                        default -> x;
                    };
            w.p[d] = w.p[d] & ~m | v & m;
        };
    }
}
