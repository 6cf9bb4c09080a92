package io.chagres.ptx.compile;

import io.chagres.ptx.compile.Rounding.Format;
import io.chagres.ptx.compile.Rounding.Mode;
import io.chagres.ptx.machine.Op;
import io.chagres.ptx.text.Instruction;
import io.chagres.ptx.text.Operand;
import io.chagres.ptx.text.Types;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `cvt`: from every type to every other.
final class ConvertOps {
    private ConvertOps() {}

    static @Nullable Op compile(Scope s, Instruction in) {
        if (!in.root().equals("cvt")) {
            return null;
        }
        List<String> parts = in.parts();
        if (in.has("pack")) {
            return pack(s, in);
        }
        String to = parts.get(parts.size() - 2);
        String from = parts.getLast();
        if (to.endsWith("x2")) {
            return pair(s, in, to, from);
        }
        Op fast = fast(s, in, to, from);
        return fast != null ? fast : general(s, in, to, from);
    }

    private static @Nullable Op fast(Scope s, Instruction in, String to, String from) {
        if (in.has("sat") || in.has("relu") || in.has("satfinite")) {
            return null;
        }
        Operand d = in.operands().get(0);
        Operand a = in.operands().get(1);
        return switch (to + "." + from) {
            case "s64.s32" ->
                    Alu.widen(
                            s.longTarget(in, d),
                            s.source(in, a, from),
                            widen((x, y) -> {
                                for (int i = 0; i < 32; i++) {
                                    x[i] = y[i];
                                }
                            }));
            case "u64.u32", "s64.u32" ->
                    Alu.widen(
                            s.longTarget(in, d),
                            s.source(in, a, from),
                            widen((x, y) -> {
                                for (int i = 0; i < 32; i++) {
                                    x[i] = y[i] & 0xffffffffL;
                                }
                            }));
            case "u32.u64", "s32.s64", "u32.s64", "s32.u64" ->
                    Alu.narrow(s.target(in, d), s.longSource(in, a, from), narrow());
            case "f32.s32" ->
                    Rounding.mode(in.parts()) != Mode.NEAREST
                            ? null
                            : Alu.op(s.target(in, d), s.source(in, a, from), toFloat());
            case "bf16.f32" ->
                    Rounding.mode(in.parts()) != Mode.NEAREST
                            ? null
                            : Alu.op(
                                    s.target(in, d),
                                    s.source(in, a, from),
                                    Alu.ints(x -> Rounding.bf16(Float.intBitsToFloat(x))));
            case "f16.f32" ->
                    Rounding.mode(in.parts()) != Mode.NEAREST
                            ? null
                            : Alu.op(
                                    s.target(in, d),
                                    s.source(in, a, from),
                                    Alu.ints(x -> Rounding.f16(Float.intBitsToFloat(x))));
            case "f32.bf16", "f32.f16" -> {
                boolean bf16 = from.equals("bf16");
                yield Alu.op(
                        s.target(in, d),
                        s.source(in, a, from),
                        Alu.ints(x -> Float.floatToRawIntBits(CompareOps.half(x, bf16))));
            }
            default -> null;
        };
    }

    private static Alu.Widen widen(Alu.Widen f) {
        return f;
    }

    private static Alu.Narrow narrow() {
        return (d, a) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = (int) a[i];
            }
        };
    }

    private static Alu.Int1 toFloat() {
        return (d, a) -> {
            for (int i = 0; i < 32; i++) {
                d[i] = Float.floatToRawIntBits((float) a[i]);
            }
        };
    }

    private static boolean real(String type) {
        return type.equals("tf32") || type.charAt(0) == 'f' || type.startsWith("bf");
    }

    private static Op general(Scope s, Instruction in, String to, String from) {
        Operand d = in.operands().get(0);
        Operand a = in.operands().get(1);
        boolean longFrom = Types.size(from) == 8 || Scope.wide(a);
        boolean longTo = Types.size(to) == 8 || Scope.wide(d);
        if (Types.size(from) == 0 || Types.size(to) == 0) {
            throw Scope.unsupported(in);
        }
        int source = longFrom ? s.longSource(in, a, from) : s.source(in, a, from);
        int target = longTo ? s.longTarget(in, d) : s.target(in, d);
        Lane lane = lane(in, to, from);
        return (w, m) -> {
            for (int k = m; k != 0; k &= k - 1) {
                int l = Integer.numberOfTrailingZeros(k);
                long y = lane.apply(longFrom ? w.q[source][l] : w.r[source][l] & 0xffffffffL);
                if (longTo) {
                    w.q[target][l] = y;
                } else {
                    w.r[target][l] = (int) y;
                }
            }
        };
    }

    /// Bits to bits.
    private interface Lane {
        long apply(long bits);
    }

    private static Lane lane(Instruction in, String to, String from) {
        Mode mode = Rounding.mode(in.parts());
        boolean sat = in.has("sat");
        if (!real(from) && !real(to)) {
            return x -> integer(value(x, from), to, sat);
        }
        if (!real(from)) {
            return x -> fromInteger(value(x, from), from, to, mode);
        }
        boolean flush = in.has("ftz");
        if (!real(to)) {
            return x -> toInteger(read(x, from, flush), to, mode);
        }
        boolean whole = in.has("rni") || in.has("rzi") || in.has("rmi") || in.has("rpi");
        boolean relu = in.has("relu");
        boolean finite = in.has("satfinite");
        return x -> {
            double v = read(x, from, flush);
            v = whole ? round(v, mode) : v;
            v = relu && v < 0 ? 0 : v;
            v = sat ? Double.isNaN(v) ? 0 : Math.clamp(v, 0.0, 1.0) : v;
            return write(v, to, whole ? Mode.NEAREST : mode, finite, flush);
        };
    }

    private static long value(long bits, String type) {
        int unused = 64 - 8 * Types.size(type);
        return Types.signed(type) ? bits << unused >> unused : bits << unused >>> unused;
    }

    private static long integer(long v, String to, boolean saturate) {
        int bits = 8 * Types.size(to);
        long x = v;
        if (saturate && bits < 64) {
            x =
                    Types.signed(to)
                            ? Math.clamp(v, -(1L << bits - 1), (1L << bits - 1) - 1)
                            : Math.clamp(v, 0, (1L << bits) - 1);
        }
        if (Types.signed(to)) {
            // Into a wider register a signed value is sign-extended; 16 bits stay zero-extended.
            return bits == 8 ? (byte) x & 0xffffL : bits == 16 ? x & 0xffff : x;
        }
        return bits == 64 ? x : x & (1L << bits) - 1;
    }

    private static long fromInteger(long v, String from, String to, Mode mode) {
        boolean big = from.equals("u64") && v < 0;
        if (mode == Mode.NEAREST && to.equals("f64")) {
            return Double.doubleToRawLongBits(big ? unsigned(v) : (double) v);
        }
        if (mode == Mode.NEAREST && to.equals("f32")) {
            float f = big ? (v >>> 1 | v & 1) * 2f : (float) v;
            return Float.floatToRawIntBits(f) & 0xffffffffL;
        }
        return write(big ? unsigned(v) : (double) v, to, mode, false, false);
    }

    private static double unsigned(long v) {
        return (double) (v >>> 1 | v & 1) * 2;
    }

    private static double read(long x, String type, boolean flush) {
        return switch (type) {
            case "f64" -> Double.longBitsToDouble(x);
            case "f32", "tf32" -> Float.intBitsToFloat(flush ? FloatOps.flush((int) x) : (int) x);
            case "f16" -> Float.float16ToFloat((short) x);
            default -> Float.intBitsToFloat((int) x << 16);
        };
    }

    private static long write(double v, String type, Mode mode, boolean finite, boolean flush) {
        return switch (type) {
            case "f64" -> Double.doubleToRawLongBits(v);
            case "f32" -> {
                int bits = Float.floatToRawIntBits(Rounding.direct(v, 0, mode));
                yield (flush ? FloatOps.flush(bits) : bits) & 0xffffffffL;
            }
            case "tf32" -> (long) Rounding.narrow(v, Format.TF32, mode, finite) << 13 & 0xffffffffL;
            case "f16" -> Rounding.narrow(v, Format.F16, mode, finite);
            default -> Rounding.narrow(v, Format.BF16, mode, finite);
        };
    }

    static double round(double v, Mode mode) {
        return switch (mode) {
            case NEAREST, AWAY -> Math.rint(v);
            case ZERO -> v < 0 ? Math.ceil(v) : Math.floor(v);
            case DOWN -> Math.floor(v);
            case UP -> Math.ceil(v);
        };
    }

    /// Out of range gives the nearest limit, NaN gives 0.
    private static long toInteger(double v, String to, Mode mode) {
        double r = round(v, mode);
        int bits = 8 * Types.size(to);
        if (Types.signed(to)) {
            double limit = Math.scalb(1.0, bits - 1);
            long x = r >= limit ? (1L << bits - 1) - 1 : r < -limit ? -(1L << bits - 1) : (long) r;
            return bits >= 32 ? x : x & (1L << bits) - 1;
        }
        if (!(r > 0)) {
            return 0;
        }
        double limit = Math.scalb(1.0, bits);
        if (r >= limit) {
            return bits == 64 ? -1 : (1L << bits) - 1;
        }
        return r < 0x1p63 ? (long) r : (long) (r - 0x1p63) ^ Long.MIN_VALUE;
    }

    /// Two values in one register, the first operand in the upper half.
    private static Op pair(Scope s, Instruction in, String to, String from) {
        List<Operand> o = in.operands();
        int d = s.target(in, o.get(0));
        int a = s.source(in, o.get(1), from);
        Mode mode = Rounding.mode(in.parts());
        boolean finite = in.has("satfinite");
        boolean relu = in.has("relu");
        Format f = format(to, in);
        int width = f.exponentBits() + f.mantissaBits() + 1;
        if (o.size() == 3) {
            if (!from.equals("f32")) {
                throw Scope.unsupported(in);
            }
            int b = s.source(in, o.get(2), from);
            if (to.equals("bf16x2") && mode == Mode.NEAREST && !relu && !finite) {
                return Alu.op(d, a, b, bf16x2());
            }
            return Alu.op(
                    d,
                    a,
                    b,
                    Alu.ints((x, y) -> {
                        double hi = Float.intBitsToFloat(x);
                        double lo = Float.intBitsToFloat(y);
                        return Rounding.narrow(relu && hi < 0 ? 0 : hi, f, mode, finite) << width
                                | Rounding.narrow(relu && lo < 0 ? 0 : lo, f, mode, finite);
                    }));
        }
        Format g = format(from, in);
        int half = g.exponentBits() + g.mantissaBits() + 1;
        return Alu.op(
                d,
                a,
                Alu.ints(x ->
                        Rounding.narrow(
                                                Rounding.widen(x >>> half & (1 << half) - 1, g),
                                                f,
                                                mode,
                                                finite)
                                        << width
                                | Rounding.narrow(
                                        Rounding.widen(x & (1 << half) - 1, g), f, mode, finite)));
    }

    private static Alu.Int2 bf16x2() {
        return (d, a, b) -> {
            for (int i = 0; i < 32; i++) {
                d[i] =
                        Rounding.bf16(Float.intBitsToFloat(a[i])) << 16
                                | Rounding.bf16(Float.intBitsToFloat(b[i]));
            }
        };
    }

    private static Format format(String type, Instruction in) {
        return switch (type) {
            case "f16x2" -> Format.F16;
            case "bf16x2" -> Format.BF16;
            case "e4m3x2" -> Format.E4M3;
            case "e5m2x2" -> Format.E5M2;
            default -> throw Scope.unsupported(in);
        };
    }

    /// `cvt.pack.sat.s8.s32.b32 d, a, b, c`: `a` and `b` saturated, above the low half of `c`.
    private static Op pack(Scope s, Instruction in) {
        List<Operand> o = in.operands();
        String to = in.parts().get(3);
        int bits = 8 * Types.size(to);
        int d = s.target(in, o.get(0));
        int a = s.source(in, o.get(1), "s32");
        int b = s.source(in, o.get(2), "s32");
        int c = o.size() > 3 ? s.source(in, o.get(3), "b32") : s.constant(0);
        int mask = (1 << bits) - 1;
        return Alu.op(
                d,
                a,
                b,
                c,
                Alu.ints((x, y, z) -> {
                    int hi = (int) integer(x, to, true) & mask;
                    int lo = (int) integer(y, to, true) & mask;
                    return z << 2 * bits | hi << bits | lo;
                }));
    }
}
