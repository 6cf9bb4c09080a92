package io.chagres.ptx.compile;

import io.chagres.ptx.compile.Alu.Int1;
import io.chagres.ptx.compile.Alu.Int2;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Types;
import org.jspecify.annotations.Nullable;

/// Integer arithmetic and bits in 16 and 32 bits, and products of 32 bits into 64.
///
/// A value of 16 or 8 bits lies zero-extended in its register.
final class IntegerOps {
    private IntegerOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        String type = in.type();
        String root = in.root();
        if (in.has("wide")) {
            return wide(s, in, type);
        }
        int size = Types.size(type);
        if (size == 0 || size > 4 || type.indexOf('f') >= 0) {
            return null;
        }
        boolean signed = Types.signed(type);
        int n = in.operands().size();
        Int2 two = n == 3 ? two(in, root, signed, size) : null;
        Int1 one = n == 2 ? one(root, size) : null;
        if (one != null) {
            int d = s.target(in, in.operands().get(0));
            return Alu.op(d, s.source(in, in.operands().get(1), type), one);
        }
        if (two != null) {
            String second = root.equals("shl") || root.equals("shr") ? "u32" : type;
            int d = s.target(in, in.operands().get(0));
            int a = s.source(in, in.operands().get(1), type);
            return Alu.op(d, a, s.source(in, in.operands().get(2), second), two);
        }
        return n >= 4 ? three(s, in, type, root, signed, size) : null;
    }

    private static @Nullable Int1 one(String root, int size) {
        int bits = size * 8;
        int mask = size == 4 ? -1 : (1 << bits) - 1;
        return switch (root) {
            case "not" ->
                    (d, a) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = ~a[i] & mask;
                        }
                    };
            case "cnot" -> Alu.ints(x -> x == 0 ? 1 : 0);
            case "neg" ->
                    (d, a) -> {
                        for (int i = 0; i < 32; i++) {
                            d[i] = -a[i] & mask;
                        }
                    };
            case "abs" -> Alu.ints(x -> Math.abs(extend(x, bits)) & mask);
            case "popc" -> Alu.ints(Integer::bitCount);
            case "clz" -> Alu.ints(Integer::numberOfLeadingZeros);
            case "brev" -> Alu.ints(Integer::reverse);
            default -> null;
        };
    }

    private static int extend(int x, int bits) {
        return x << 32 - bits >> 32 - bits;
    }

    private static @Nullable Int2 two(Instruction in, String root, boolean signed, int size) {
        if (size < 4) {
            return narrow(root, signed, size * 8, in.has("hi"));
        }
        return switch (root) {
            case "add" -> in.has("sat") ? Alu.ints(IntegerOps::addSaturated) : add();
            case "sub" -> in.has("sat") ? Alu.ints(IntegerOps::subSaturated) : sub();
            case "mul" -> in.has("hi") ? high(signed) : mul();
            case "mul24" ->
                    signed
                            ? Alu.ints((x, y) -> (x << 8 >> 8) * (y << 8 >> 8))
                            : Alu.ints((x, y) -> (x & 0xffffff) * (y & 0xffffff));
            case "div" ->
                    signed
                            ? Alu.ints((x, y) -> y == 0 ? -1 : x / y)
                            : Alu.ints((x, y) -> y == 0 ? -1 : Integer.divideUnsigned(x, y));
            case "rem" ->
                    signed
                            ? Alu.ints((x, y) -> y == 0 ? x : x % y)
                            : Alu.ints((x, y) -> y == 0 ? x : Integer.remainderUnsigned(x, y));
            case "min" -> signed ? min() : Alu.ints((x, y) -> below(x, y) ? x : y);
            case "max" -> signed ? max() : Alu.ints((x, y) -> below(x, y) ? y : x);
            case "and" -> and();
            case "or" -> or();
            case "xor" -> xor();
            case "shl" -> shl();
            case "shr" -> signed ? sar() : shr();
            case "bmsk" -> Alu.ints((x, y) -> y >= 32 ? -1 << x : (1 << y) - 1 << x);
            case "szext" -> Alu.ints((x, y) -> signed ? extend(x, y) : x & (1 << y) - 1);
            default -> null;
        };
    }

    private static boolean below(int x, int y) {
        return x + Integer.MIN_VALUE < y + Integer.MIN_VALUE;
    }

    private static int addSaturated(int x, int y) {
        long z = (long) x + y;
        return Math.clamp(z, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    private static int subSaturated(int x, int y) {
        long z = (long) x - y;
        return Math.clamp(z, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    private static Int2 add() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = a[i] + b[i];
            }
        };
    }

    private static Int2 sub() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = a[i] - b[i];
            }
        };
    }

    private static Int2 mul() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = a[i] * b[i];
            }
        };
    }

    private static Int2 high(boolean signed) {
        return signed
                ? (d, a, b) -> {
                    for (int i = 0; i < 32; i++) {
                        d[i] = (int) ((long) a[i] * b[i] >> 32);
                    }
                }
                : (d, a, b) -> {
                    for (int i = 0; i < 32; i++) {
                        d[i] = (int) ((a[i] & 0xffffffffL) * (b[i] & 0xffffffffL) >>> 32);
                    }
                };
    }

    private static Int2 min() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = Math.min(a[i], b[i]);
            }
        };
    }

    private static Int2 max() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = Math.max(a[i], b[i]);
            }
        };
    }

    private static Int2 and() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = a[i] & b[i];
            }
        };
    }

    private static Int2 or() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = a[i] | b[i];
            }
        };
    }

    private static Int2 xor() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = a[i] ^ b[i];
            }
        };
    }

    private static Int2 shl() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                int n = b[i];
                d[i] = (n & ~31) != 0 ? 0 : a[i] << n;
            }
        };
    }

    private static Int2 shr() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                int n = b[i];
                d[i] = (n & ~31) != 0 ? 0 : a[i] >>> n;
            }
        };
    }

    private static Int2 sar() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                int n = b[i];
                d[i] = a[i] >> ((n & ~31) != 0 ? 31 : n);
            }
        };
    }

    private static @Nullable Int2 narrow(String root, boolean signed, int bits, boolean high) {
        int mask = (1 << bits) - 1;
        return switch (root) {
            case "add" -> Alu.ints((x, y) -> x + y & mask);
            case "sub" -> Alu.ints((x, y) -> x - y & mask);
            case "mul" ->
                    high
                            ? Alu.ints((x, y) ->
                                    value(x, bits, signed) * value(y, bits, signed) >> bits & mask)
                            : Alu.ints((x, y) -> x * y & mask);
            case "and" -> and();
            case "or" -> or();
            case "xor" -> xor();
            case "shl" -> Alu.ints((x, y) -> (y & ~31) != 0 ? 0 : x << y & mask);
            case "shr" ->
                    Alu.ints((x, y) -> {
                        int v = value(x, bits, signed);
                        return v >> ((y & ~31) != 0 ? 31 : y) & mask;
                    });
            case "min" ->
                    Alu.ints((x, y) ->
                            Math.min(value(x, bits, signed), value(y, bits, signed)) & mask);
            case "max" ->
                    Alu.ints((x, y) ->
                            Math.max(value(x, bits, signed), value(y, bits, signed)) & mask);
            case "div" ->
                    Alu.ints((x, y) ->
                            y == 0 ? mask : value(x, bits, signed) / value(y, bits, signed) & mask);
            case "rem" ->
                    Alu.ints((x, y) ->
                            y == 0 ? x : value(x, bits, signed) % value(y, bits, signed) & mask);
            default -> null;
        };
    }

    private static int value(int x, int bits, boolean signed) {
        return signed ? extend(x, bits) : x;
    }

    private static @Nullable Op three(
            Scope s, Instruction in, String type, String root, boolean signed, int size) {
        Alu.Int3 f =
                switch (root) {
                    case "mad" ->
                            size < 4
                                    ? Alu.ints((x, y, z) -> x * y + z & (1 << 8 * size) - 1)
                                    : in.has("hi") ? madHigh(signed) : mad();
                    case "mad24" ->
                            signed
                                    ? Alu.ints((x, y, z) -> (x << 8 >> 8) * (y << 8 >> 8) + z)
                                    : Alu.ints((x, y, z) -> (x & 0xffffff) * (y & 0xffffff) + z);
                    case "sad" ->
                            signed
                                    ? Alu.ints((x, y, z) -> Math.abs(x - y) + z)
                                    : Alu.ints((x, y, z) -> (below(x, y) ? y - x : x - y) + z);
                    case "bfe" -> Alu.ints((x, y, z) -> extract(x, y & 0xff, z & 0xff, signed));
                    case "dp4a" -> dot4(in);
                    case "shf" -> funnel(in);
                    case "prmt" -> Alu.ints(IntegerOps::permute);
                    default -> null;
                };
        if (f != null && in.operands().size() == 4) {
            return Alu.op(
                    s.target(in, in.operands().get(0)),
                    s.source(in, in.operands().get(1), type),
                    s.source(in, in.operands().get(2), type),
                    s.source(in, in.operands().get(3), type),
                    f);
        }
        boolean four = root.equals("lop3") || root.equals("bfi");
        return four && in.operands().size() == 5 ? four(s, in, type, root) : null;
    }

    private static Op four(Scope s, Instruction in, String type, String root) {
        int d = s.target(in, in.operands().get(0));
        int a = s.source(in, in.operands().get(1), type);
        int b = s.source(in, in.operands().get(2), type);
        int c = s.source(in, in.operands().get(3), type);
        if (root.equals("lop3")) {
            int table = s.literal(in, in.operands().get(4));
            return Alu.op(d, a, b, c, Alu.ints((x, y, z) -> logic(x, y, z, table)));
        }
        int n = s.source(in, in.operands().get(4), "u32");
        return (w, m) -> {
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                int at = w.r[c][l] & 0xff;
                int len = Math.min(w.r[n][l] & 0xff, 32);
                long field = at > 31 ? 0 : (1L << len) - 1 << at & 0xffffffffL;
                long put = at > 31 ? 0 : (long) w.r[a][l] << at & field;
                w.r[d][l] = (int) (w.r[b][l] & ~field | put);
            }
        };
    }

    private static Alu.Int3 mad() {
        return (d, a, b, c) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = a[i] * b[i] + c[i];
            }
        };
    }

    private static Alu.Int3 madHigh(boolean signed) {
        return signed
                ? Alu.ints((x, y, z) -> (int) ((long) x * y >> 32) + z)
                : Alu.ints((x, y, z) -> (int) ((x & 0xffffffffL) * (y & 0xffffffffL) >>> 32) + z);
    }

    private static int extract(int x, int at, int length, boolean signed) {
        if (length == 0) {
            return 0;
        }
        long wide = signed ? x : x & 0xffffffffL;
        long moved = wide >> Math.min(at, 63);
        if (length >= 32) {
            return (int) moved;
        }
        return signed
                ? (int) (moved << 64 - length >> 64 - length)
                : (int) moved & (1 << length) - 1;
    }

    private static Alu.Int3 dot4(Instruction in) {
        boolean firstSigned = in.parts().get(1).equals("s32");
        boolean secondSigned = in.parts().get(2).equals("s32");
        return Alu.ints((x, y, z) -> {
            int sum = z;
            for (int k = 0; k < 32; k += 8) {
                int u = firstSigned ? (byte) (x >> k) : x >> k & 0xff;
                int v = secondSigned ? (byte) (y >> k) : y >> k & 0xff;
                sum += u * v;
            }
            return sum;
        });
    }

    private static Alu.Int3 funnel(Instruction in) {
        boolean left = in.has("l");
        boolean clamp = in.has("clamp");
        return Alu.ints((lo, hi, n) -> {
            int k = clamp ? Integer.compareUnsigned(n, 32) > 0 ? 32 : n : n & 31;
            long both = (long) hi << 32 | lo & 0xffffffffL;
            return left ? (int) (both << k >>> 32) : (int) (both >>> k);
        });
    }

    private static int permute(int a, int b, int selector) {
        long both = (long) b << 32 | a & 0xffffffffL;
        int out = 0;
        for (int k = 0; k < 4; k++) {
            int pick = selector >> 4 * k & 0xf;
            int v = (int) (both >>> 8 * (pick & 7)) & 0xff;
            out |= ((pick & 8) != 0 ? (v & 0x80) != 0 ? 0xff : 0 : v) << 8 * k;
        }
        return out;
    }

    private static int logic(int a, int b, int c, int table) {
        int out = 0;
        for (int k = 0; k < 8; k++) {
            if ((table >> k & 1) != 0) {
                out |= ((k & 4) != 0 ? a : ~a) & ((k & 2) != 0 ? b : ~b) & ((k & 1) != 0 ? c : ~c);
            }
        }
        return out;
    }

    private static @Nullable Op wide(Scope s, Instruction in, String type) {
        boolean signed = Types.signed(type);
        int size = Types.size(type);
        int a = s.source(in, in.operands().get(1), type);
        int b = s.source(in, in.operands().get(2), type);
        boolean add = in.root().equals("mad");
        if (size == 2) {
            int d = s.target(in, in.operands().get(0));
            int c = add ? s.source(in, in.operands().get(3), "u32") : s.constant(0);
            return Alu.op(
                    d,
                    a,
                    b,
                    c,
                    Alu.ints((x, y, z) -> value(x, 16, signed) * value(y, 16, signed) + z));
        }
        int d = s.longTarget(in, in.operands().get(0));
        if (!add) {
            return Alu.widen(d, a, b, signed ? signedProduct() : unsignedProduct());
        }
        int c = s.longSource(in, in.operands().get(3), "s64");
        return (w, m) -> {
            int[] x = w.r[a];
            int[] y = w.r[b];
            long[] z = w.q[c];
            long[] to = m == -1 ? w.q[d] : w.longScratch;
            if (signed) {
                for (int i = 0; i < 32; i++) {
                    to[i] = (long) x[i] * y[i] + z[i];
                }
            } else {
                for (int i = 0; i < 32; i++) {
                    to[i] = (x[i] & 0xffffffffL) * (y[i] & 0xffffffffL) + z[i];
                }
            }
            if (m != -1) {
                Alu.keepLong(w, d, m);
            }
        };
    }

    private static Alu.Widen2 signedProduct() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = (long) a[i] * b[i];
            }
        };
    }

    private static Alu.Widen2 unsignedProduct() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = (a[i] & 0xffffffffL) * (b[i] & 0xffffffffL);
            }
        };
    }
}
