package io.chagres.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Families of instructions against what Java computes for the same bits.
class InstructionTest {
    private static final int[] EDGES = {
        0, 1, -1, 2, 31, 32, 33, 255, 0x8000, 0xffff, 0x10000, Integer.MIN_VALUE, Integer.MAX_VALUE
    };

    interface Int3 {
        int apply(int a, int b, int c);
    }

    /// Runs one instruction on 32 lanes; a, b and c are %r2 to %r4, the result %r5.
    private static void ints(String instruction, Int3 want) {
        Random random = new Random(instruction.hashCode());
        int[] in = new int[4 * 32];
        for (int i = 0; i < in.length; i++) {
            in[i] = random.nextInt(3) == 0 ? EDGES[random.nextInt(EDGES.length)] : random.nextInt();
        }
        for (boolean partial : new boolean[] {false, true}) {
            int[] out = Ptx.lanes(instruction, in, partial);
            for (int l = 0; l < 32; l++) {
                int a = in[4 * l];
                int b = in[4 * l + 1];
                int c = in[4 * l + 2];
                int w = partial && l % 3 == 0 ? 77 : want.apply(a, b, c);
                assertThat(out[4 * l + 3])
                        .as("%s of %08x %08x %08x", instruction, a, b, c)
                        .isEqualTo(w);
            }
        }
    }

    @Test
    void integers() {
        ints("add.s32 %r5, %r2, %r3;", (a, b, c) -> a + b);
        ints("sub.s32 %r5, %r2, %r3;", (a, b, c) -> a - b);
        ints("mul.lo.s32 %r5, %r2, %r3;", (a, b, c) -> a * b);
        ints("mul.hi.s32 %r5, %r2, %r3;", (a, b, c) -> (int) ((long) a * b >> 32));
        ints("mul.hi.u32 %r5, %r2, %r3;", (a, b, c) -> (int) (u(a) * u(b) >>> 32));
        ints("mad.lo.s32 %r5, %r2, %r3, %r4;", (a, b, c) -> a * b + c);
        ints("mul24.lo.u32 %r5, %r2, %r3;", (a, b, c) -> (a & 0xffffff) * (b & 0xffffff));
        ints("div.s32 %r5, %r2, 7;", (a, b, c) -> a / 7);
        ints("rem.u32 %r5, %r2, 7;", (a, b, c) -> Integer.remainderUnsigned(a, 7));
        ints("div.u32 %r5, %r2, 7;", (a, b, c) -> Integer.divideUnsigned(a, 7));
        ints("min.s32 %r5, %r2, %r3;", (a, b, c) -> Math.min(a, b));
        ints("max.u32 %r5, %r2, %r3;", (a, b, c) -> Integer.compareUnsigned(a, b) > 0 ? a : b);
        ints("abs.s32 %r5, %r2;", (a, b, c) -> Math.abs(a));
        ints("neg.s32 %r5, %r2;", (a, b, c) -> -a);
        ints(
                "add.sat.s32 %r5, %r2, %r3;",
                (a, b, c) -> Math.clamp((long) a + b, Integer.MIN_VALUE, Integer.MAX_VALUE));
        ints("sad.s32 %r5, %r2, %r3, %r4;", (a, b, c) -> Math.abs(a - b) + c);
    }

    private static long u(int x) {
        return x & 0xffffffffL;
    }

    @Test
    void bits() {
        ints("and.b32 %r5, %r2, %r3;", (a, b, c) -> a & b);
        ints("xor.b32 %r5, %r2, %r3;", (a, b, c) -> a ^ b);
        ints("not.b32 %r5, %r2;", (a, b, c) -> ~a);
        ints("shl.b32 %r5, %r2, %r3;", (a, b, c) -> u(b) > 31 ? 0 : a << b);
        ints("shr.u32 %r5, %r2, %r3;", (a, b, c) -> u(b) > 31 ? 0 : a >>> b);
        ints("shr.s32 %r5, %r2, %r3;", (a, b, c) -> u(b) > 31 ? a >> 31 : a >> b);
        ints("popc.b32 %r5, %r2;", (a, b, c) -> Integer.bitCount(a));
        ints("clz.b32 %r5, %r2;", (a, b, c) -> Integer.numberOfLeadingZeros(a));
        ints("brev.b32 %r5, %r2;", (a, b, c) -> Integer.reverse(a));
        ints("bfe.u32 %r5, %r2, 5, 9;", (a, b, c) -> a >>> 5 & 511);
        ints("bfe.s32 %r5, %r2, 5, 9;", (a, b, c) -> a << 18 >> 23);
        ints("bfi.b32 %r5, %r2, %r3, 5, 9;", (a, b, c) -> b & ~(511 << 5) | (a & 511) << 5);
        ints("lop3.b32 %r5, %r2, %r3, %r4, 0x96;", (a, b, c) -> a ^ b ^ c);
        ints("lop3.b32 %r5, %r2, %r3, %r4, 0xca;", (a, b, c) -> a & b | ~a & c);
        ints("prmt.b32 %r5, %r2, %r3, 0x5410;", (a, b, c) -> a & 0xffff | b << 16);
        ints("prmt.b32 %r5, %r2, %r3, 0x0123;", (a, b, c) -> Integer.reverseBytes(a));
        ints("shf.l.wrap.b32 %r5, %r2, %r3, 7;", (a, b, c) -> b << 7 | a >>> 25);
        ints("shf.r.wrap.b32 %r5, %r2, %r3, 7;", (a, b, c) -> b << 25 | a >>> 7);
        ints("dp4a.s32.s32 %r5, %r2, %r3, %r4;", (a, b, c) -> dot(a, b) + c);
    }

    private static int dot(int a, int b) {
        int sum = 0;
        for (int k = 0; k < 32; k += 8) {
            sum += (byte) (a >> k) * (byte) (b >> k);
        }
        return sum;
    }

    @Test
    void wide() {
        ints(
                "mul.wide.s32 %rd7, %r2, %r3; shr.s64 %rd7, %rd7, 13; cvt.u32.u64 %r5, %rd7;",
                (a, b, c) -> (int) ((long) a * b >> 13));
        ints(
                "mad.wide.u32 %rd7, %r2, %r3, %rd5; shr.u64 %rd7, %rd7, 32; cvt.u32.u64 %r5, %rd7;",
                (a, b, c) -> (int) (u(a) * u(b) + (u(b) << 32 | u(a)) >>> 32));
        ints(
                "mul.lo.s64 %rd7, %rd5, %rd6; shr.u64 %rd7, %rd7, 32; cvt.u32.u64 %r5, %rd7;",
                (a, b, c) -> (int) (((long) b << 32 | u(a)) * ((long) a << 32 | u(c)) >>> 32));
        ints(
                "mul.hi.u64 %rd7, %rd5, %rd6; cvt.u32.u64 %r5, %rd7;",
                (a, b, c) ->
                        (int)
                                Math.unsignedMultiplyHigh(
                                        (long) b << 32 | u(a), (long) a << 32 | u(c)));
        ints(
                "setp.lt.s64 %p3, %rd5, %rd6; selp.u32 %r5, 1, 0, %p3;",
                (a, b, c) -> ((long) b << 32 | u(a)) < ((long) a << 32 | u(c)) ? 1 : 0);
        ints("popc.b64 %r5, %rd5;", (a, b, c) -> Integer.bitCount(a) + Integer.bitCount(b));
        ints(
                "bfe.u64 %rd7, %rd5, 20, 30; cvt.u32.u64 %r5, %rd7;",
                (a, b, c) -> (int) (((long) b << 32 | u(a)) >>> 20 & (1 << 30) - 1));
    }

    @Test
    void sixteenBits() {
        ints("add.s16 %h6, %h2, %h4; cvt.s32.s16 %r5, %h6;", (a, b, c) -> (short) (a + b));
        ints("mul.lo.s16 %h6, %h2, %h4; cvt.u32.u16 %r5, %h6;", (a, b, c) -> a * b & 0xffff);
        ints("shr.s16 %h6, %h2, 3; cvt.u32.u16 %r5, %h6;", (a, b, c) -> (short) a >> 3 & 0xffff);
        ints(
                "setp.lt.s16 %p3, %h2, %h4; selp.u32 %r5, 1, 0, %p3;",
                (a, b, c) -> (short) a < (short) b ? 1 : 0);
        ints("mul.wide.s16 %r5, %h2, %h4;", (a, b, c) -> (short) a * (short) b);
        ints(
                "min.u16 %h6, %h2, %h4; cvt.u32.u16 %r5, %h6;",
                (a, b, c) -> Math.min(a & 0xffff, b & 0xffff));
    }

    @Test
    void comparisons() {
        ints(
                "setp.lt.u32 %p3, %r2, %r3; selp.b32 %r5, %r4, 5, %p3;",
                (a, b, c) -> Integer.compareUnsigned(a, b) < 0 ? c : 5);
        ints("setp.ge.s32 %p3, %r2, %r3; selp.b32 %r5, %r4, 5, %p3;", (a, b, c) -> a >= b ? c : 5);
        ints(
                "setp.gt.s32 %p3, %r2, 0; setp.le.and.s32 %p4|%p5, %r3, %r4, %p3; selp.b32 %r5, 1, 0, %p4; @%p5 add.s32 %r5, %r5, 2;",
                (a, b, c) -> a > 0 ? b <= c ? 1 : 2 : 0);
        ints(
                "setp.ltu.f32 %p3, %f2, %f3; selp.b32 %r5, 1, 0, %p3;",
                (a, b, c) -> !(f(a) >= f(b)) ? 1 : 0);
        ints(
                "setp.gt.f32 %p3, %f2, %f3; selp.b32 %r5, 1, 0, %p3;",
                (a, b, c) -> f(a) > f(b) ? 1 : 0);
        ints(
                "setp.nan.f32 %p3, %f2, %f3; not.pred %p3, %p3; selp.b32 %r5, 1, 0, %p3;",
                (a, b, c) -> f(a) != f(a) || f(b) != f(b) ? 0 : 1);
        ints("set.lt.u32.s32 %r5, %r2, %r3;", (a, b, c) -> a < b ? -1 : 0);
        ints("slct.b32.s32 %r5, %r2, %r3, %r4;", (a, b, c) -> c >= 0 ? a : b);
    }

    private static float f(int bits) {
        return Float.intBitsToFloat(bits);
    }

    private static int b(float x) {
        return Float.isNaN(x) ? 0x7fc00000 : Float.floatToRawIntBits(x);
    }

    /// The result of a float instruction with every NaN made the same.
    private static void floats(String instruction, Int3 want) {
        ints(
                instruction
                        + " setp.nan.f32 %p9, %f5, %f5; selp.f32 %f5, 0f7FC00000, %f5, %p9; mov.b32 %r5, %f5;",
                want);
    }

    @Test
    void singles() {
        floats("add.rn.f32 %f5, %f2, %f3;", (a, b, c) -> b(f(a) + f(b)));
        floats("sub.f32 %f5, %f2, %f3;", (a, b, c) -> b(f(a) - f(b)));
        floats("mul.f32 %f5, %f2, %f3;", (a, b, c) -> b(f(a) * f(b)));
        floats("fma.rn.f32 %f5, %f2, %f3, %f4;", (a, b, c) -> b(Math.fma(f(a), f(b), f(c))));
        floats("div.rn.f32 %f5, %f2, %f3;", (a, b, c) -> b(f(a) / f(b)));
        floats("sqrt.rn.f32 %f5, %f2;", (a, b, c) -> b((float) Math.sqrt(f(a))));
        floats(
                "max.f32 %f5, %f2, %f3;",
                (a, b, c) -> b(f(a) != f(a) ? f(b) : f(b) != f(b) ? f(a) : Math.max(f(a), f(b))));
        floats("min.NaN.f32 %f5, %f2, %f3;", (a, b, c) -> b(Math.min(f(a), f(b))));
        floats("add.ftz.f32 %f5, %f2, %f3;", (a, b, c) -> b(flush(flush(f(a)) + flush(f(b)))));
        floats(
                "mul.sat.f32 %f5, %f2, %f3;",
                (a, b, c) -> b(f(a) * f(b) != f(a) * f(b) ? 0 : Math.clamp(f(a) * f(b), 0f, 1f)));
        floats("add.rz.f32 %f5, %f2, %f3;", (a, b, c) -> b(towardsZero(f(a), f(b))));
        floats("neg.f32 %f5, %f2;", (a, b, c) -> b(-f(a)));
    }

    private static float flush(float x) {
        return Math.abs(x) < Float.MIN_NORMAL ? Math.copySign(0f, x) : x;
    }

    private static float towardsZero(float a, float b) {
        if (!Float.isFinite(a) || !Float.isFinite(b)) {
            return a + b;
        }
        java.math.BigDecimal exact = new java.math.BigDecimal(a).add(new java.math.BigDecimal(b));
        float near = a + b;
        if (Float.isInfinite(near)) {
            return Math.copySign(Float.MAX_VALUE, near);
        }
        boolean away = new java.math.BigDecimal(near).abs().compareTo(exact.abs()) > 0;
        return away ? near > 0 ? Math.nextDown(near) : Math.nextUp(near) : near;
    }

    @ParameterizedTest
    @CsvSource({
        "ex2.approx.f32, 2e-7", "lg2.approx.f32, 3e-7", "rsqrt.approx.f32, 2e-7",
        "rcp.approx.f32, 2e-7", "sin.approx.f32, 2e-6", "cos.approx.f32, 2e-6",
        "tanh.approx.f32, 5e-4", "sqrt.approx.f32, 2e-7"
    })
    void approximations(String instruction, double tolerance) {
        int[] in = new int[4 * 32];
        Random random = new Random(3);
        for (int i = 0; i < in.length; i++) {
            in[i] = Float.floatToRawIntBits(0.01f + 3 * random.nextFloat());
        }
        int[] out = Ptx.lanes(instruction + " %f5, %f2; mov.b32 %r5, %f5;", in, false);
        for (int l = 0; l < 32; l++) {
            double x = f(in[4 * l]);
            double want =
                    switch (instruction.substring(0, instruction.indexOf('.'))) {
                        case "ex2" -> Math.pow(2, x);
                        case "lg2" -> Math.log(x) / Math.log(2);
                        case "rsqrt" -> 1 / Math.sqrt(x);
                        case "rcp" -> 1 / x;
                        case "sin" -> Math.sin(x);
                        case "cos" -> Math.cos(x);
                        case "tanh" -> Math.tanh(x);
                        default -> Math.sqrt(x);
                    };
            assertThat(Math.abs(f(out[4 * l + 3]) - want))
                    .isLessThanOrEqualTo(tolerance * (1 + Math.abs(want)));
        }
    }

    @Test
    void halves() {
        ints(
                "add.f16 %h6, %h2, %h4; cvt.u32.u16 %r5, %h6;",
                (a, b, c) -> h(Float.float16ToFloat((short) a) + Float.float16ToFloat((short) b)));
        ints(
                "fma.rn.bf16 %h6, %h2, %h4, %h3; cvt.u32.u16 %r5, %h6;",
                (a, b, c) -> bf((double) f(a << 16) * f(b << 16), f(a & 0xffff0000)));
        ints(
                "add.f16x2 %r5, %r2, %r3;",
                (a, b, c) ->
                        h(Float.float16ToFloat((short) a) + Float.float16ToFloat((short) b))
                                | h(
                                                Float.float16ToFloat((short) (a >> 16))
                                                        + Float.float16ToFloat((short) (b >> 16)))
                                        << 16);
        ints(
                "setp.lt.f16 %p3, %h2, %h4; selp.u32 %r5, 1, 0, %p3;",
                (a, b, c) ->
                        Float.float16ToFloat((short) a) < Float.float16ToFloat((short) b) ? 1 : 0);
        ints("abs.bf16x2 %r5, %r2;", (a, b, c) -> a & 0x7fff7fff);
    }

    private static int h(float x) {
        return x != x ? 0x7fff : Float.floatToFloat16(x) & 0xffff;
    }

    private static int bf(double product, double c) {
        double sum = product + c;
        if (sum != sum) {
            return 0x7fff;
        }
        // Rounds to odd first, so that the second rounding does not see a false tie.
        float near = (float) sum;
        boolean away = Math.abs((double) near) > Math.abs(sum);
        float cut = away ? near > 0 ? Math.nextDown(near) : Math.nextUp(near) : near;
        int bits = Float.floatToRawIntBits(cut) | (cut == sum ? 0 : 1);
        return bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
    }

    @Test
    void conversions() {
        ints("cvt.rn.f32.s32 %f5, %r2; mov.b32 %r5, %f5;", (a, b, c) -> b((float) a));
        ints("cvt.rn.f32.u32 %f5, %r2; mov.b32 %r5, %f5;", (a, b, c) -> b((float) u(a)));
        ints("cvt.rzi.s32.f32 %r5, %f2;", (a, b, c) -> (int) f(a));
        ints(
                "cvt.rni.s32.f32 %r5, %f2;",
                (a, b, c) ->
                        (int)
                                (long)
                                        Math.clamp(
                                                Math.rint(f(a)) != Math.rint(f(a))
                                                        ? 0
                                                        : Math.rint(f(a)),
                                                -0x1p31,
                                                0x1p31 - 1));
        ints(
                "cvt.rmi.f32.f32 %f5, %f2; setp.nan.f32 %p9, %f5, %f5; selp.f32 %f5, 0f00000000, %f5, %p9; mov.b32 %r5, %f5;",
                (a, b, c) -> f(a) != f(a) ? 0 : b((float) Math.floor(f(a))));
        ints("cvt.s32.s8 %r5, %r2;", (a, b, c) -> (byte) a);
        ints("cvt.sat.u8.s32 %h6, %r2; cvt.u32.u16 %r5, %h6;", (a, b, c) -> Math.clamp(a, 0, 255));
        ints(
                "cvt.sat.s8.s32 %h6, %r2; cvt.s32.s8 %r5, %h6;",
                (a, b, c) -> Math.clamp(a, -128, 127));
        ints("cvt.rn.f16.f32 %h6, %f2; cvt.u32.u16 %r5, %h6;", (a, b, c) -> h(f(a)));
        ints("cvt.rn.bf16x2.f32 %r5, %f2, %f3;", (a, b, c) -> bf(f(a), -0f) << 16 | bf(f(b), -0f));
        ints(
                "cvt.rz.bf16.f32 %h6, %f2; cvt.u32.u16 %r5, %h6;",
                (a, b, c) -> f(a) != f(a) ? 0x7fff : a >>> 16);
        ints(
                "cvt.f32.f16 %f5, %h2; setp.nan.f32 %p9, %f5, %f5; selp.f32 %f5, 0f7FC00000, %f5, %p9; mov.b32 %r5, %f5;",
                (a, b, c) -> b(Float.float16ToFloat((short) a)));
        ints("cvt.rna.tf32.f32 %r5, %f2;", (a, b, c) -> f(a) != f(a) ? 0x7fffe000 : tf32(a));
        ints(
                "cvt.rn.satfinite.e4m3x2.f32 %h6, %f2, %f3; cvt.rn.f16x2.e4m3x2 %r5, %h6;",
                (a, b, c) -> e4m3(f(a)) << 16 | e4m3(f(b)));
        ints(
                "cvt.rn.f64.s32 %fd5, %r2; mul.f64 %fd5, %fd5, 0d3FE0000000000000; cvt.rn.f32.f64 %f5, %fd5; mov.b32 %r5, %f5;",
                (a, b, c) -> b((float) (a * 0.5)));
        ints(
                "cvt.pack.sat.s8.s32.b32 %r5, %r2, %r3, %r4;",
                (a, b, c) ->
                        c << 16
                                | (Math.clamp(a, -128, 127) & 255) << 8
                                | Math.clamp(b, -128, 127) & 255);
    }

    private static int tf32(int a) {
        int magnitude = a & 0x7fffffff;
        return magnitude >= 0x7f800000 ? a & 0xffffe000 : a + 0x1000 & 0xffffe000;
    }

    /// The nearest value of e4m3 by looking at all of them, as f16.
    private static int e4m3(float x) {
        if (x != x) {
            return 0x7fff;
        }
        double best = 0;
        for (int bits = 0; bits < 127; bits++) {
            int e = bits >> 3;
            double v = e == 0 ? (bits & 7) * 0x1p-9 : (8 + (bits & 7)) * Math.scalb(1.0, e - 10);
            double d = Math.abs(Math.abs((double) x) - v);
            double before = Math.abs(Math.abs((double) x) - best);
            if (d < before || d == before && bits % 2 == 0) {
                best = v;
            }
        }
        return h((float) Math.copySign(best, x));
    }

    @Test
    void doubles() {
        ints(
                "add.f64 %fd5, %fd2, %fd3; mov.b64 {%r6, %r5}, %fd5; setp.nan.f64 %p9, %fd5, %fd5; @%p9 mov.u32 %r5, 0;",
                (a, b, c) -> hi(d(b, a) + d(a, c)));
        ints(
                "fma.rn.f64 %fd5, %fd2, %fd3, %fd2; mov.b64 {%r6, %r5}, %fd5; setp.nan.f64 %p9, %fd5, %fd5; @%p9 mov.u32 %r5, 0;",
                (a, b, c) -> hi(Math.fma(d(b, a), d(a, c), d(b, a))));
    }

    private static double d(int high, int low) {
        return Double.longBitsToDouble((long) high << 32 | u(low));
    }

    private static int hi(double x) {
        return x != x ? 0 : (int) (Double.doubleToRawLongBits(x) >>> 32);
    }
}
