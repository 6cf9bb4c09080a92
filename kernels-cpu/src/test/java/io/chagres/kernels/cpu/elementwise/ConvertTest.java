package io.chagres.kernels.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.elementwise.Convert.Kind;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Ids;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Native;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ConvertTest {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final int ALL_SHORTS = 65536;

    @Test
    void everyHalfBecomesItsFloatAndComesBack() {
        try (Native n = new Native(1);
                WorkerPool pool = new WorkerPool(2)) {
            long halves = n.bytes(2L * ALL_SHORTS);
            long floats = n.floats(ALL_SHORTS);
            long back = n.bytes(2L * ALL_SHORTS);
            for (int i = 0; i < ALL_SHORTS; i++) {
                Lanes.ALL.set(SHORT, halves + 2L * i, (short) i);
            }
            Convert.apply(pool, Kind.F16_F32, halves, floats, ALL_SHORTS);
            Convert.apply(pool, Kind.F32_F16, floats, back, ALL_SHORTS);
            for (int i = 0; i < ALL_SHORTS; i++) {
                float expected = Float.float16ToFloat((short) i);
                float got = Native.at(floats, i);
                short again = Lanes.ALL.get(SHORT, back + 2L * i);
                if (Float.isNaN(expected)) {
                    assertThat(got).isNaN();
                    assertThat(Float.float16ToFloat(again)).isNaN();
                } else {
                    assertThat(got).isEqualTo(expected);
                    assertThat(again).isEqualTo((short) i);
                }
            }
            n.assertGuardsIntact();
        }
    }

    @Test
    void floatsRoundToHalvesAsTheJdkDoes() {
        for (float x : samples()) {
            short expected = Float.floatToFloat16(x);
            if (Float.isNaN(x)) {
                assertThat(Float.float16ToFloat(Convert.toF16(x))).isNaN();
            } else {
                assertThat(Convert.toF16(x)).as("%s", x).isEqualTo(expected);
            }
        }
    }

    @Test
    void floatsRoundToTheNearestBfloat16() {
        for (float x : samples()) {
            float got = Convert.fromBf16(Convert.toBf16(x));
            if (Float.isNaN(x)) {
                assertThat(got).isNaN();
            } else if (Math.abs(x) < 3.38e38f) {
                assertThat(got).as("%s", x).isEqualTo(nearestBf16(x));
            }
        }
        assertThat(Convert.toBf16(Float.MAX_VALUE)).isEqualTo((short) 0x7F80);
        assertThat(Convert.toBf16(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xFF80);
    }

    @Test
    void vectorsGiveTheBitsOfTheScalarForms() {
        float[] x = samples();
        try (Native n = new Native(2)) {
            long in = n.of(x);
            long brain = n.bytes(2L * x.length);
            long half = n.bytes(2L * x.length);
            long brainBack = n.floats(x.length);
            Convert.apply(Kind.F32_BF16, in, brain, x.length);
            Convert.apply(Kind.F32_F16, in, half, x.length);
            Convert.apply(Kind.BF16_F32, brain, brainBack, x.length);
            for (int i = 0; i < x.length; i++) {
                short b = Lanes.ALL.get(SHORT, brain + 2L * i);
                assertThat(b).isEqualTo(Convert.toBf16(x[i]));
                assertThat(Lanes.ALL.get(SHORT, half + 2L * i)).isEqualTo(Convert.toF16(x[i]));
                assertThat(Float.floatToRawIntBits(Native.at(brainBack, i)))
                        .isEqualTo(Float.floatToRawIntBits(Convert.fromBf16(b)));
            }
            n.assertGuardsIntact();
        }
    }

    @Test
    void doublesAndIntegers() {
        Random random = new Random(3);
        try (Native n = new Native(3)) {
            for (int size : Native.SIZES) {
                float[] x = n.normals(size, 1e3);
                long doubles = n.bytes(8L * size);
                long floats = n.floats(size);
                Convert.apply(Kind.F32_F64, n.of(x), doubles, size);
                for (int i = 0; i < size; i++) {
                    assertThat(Lanes.ALL.get(Lanes.DOUBLE, doubles + 8L * i)).isEqualTo(x[i]);
                    Lanes.ALL.set(Lanes.DOUBLE, doubles + 8L * i, x[i] * 1.000000123);
                }
                Convert.apply(Kind.F64_F32, doubles, floats, size);
                for (int i = 0; i < size; i++) {
                    assertThat(Native.at(floats, i)).isEqualTo((float) (x[i] * 1.000000123));
                }
                int[] ints = random.ints(size).toArray();
                long[] longs = random.longs(size).toArray();
                long bytes = n.bytes(size);
                for (int i = 0; i < size; i++) {
                    Lanes.ALL.set(ValueLayout.JAVA_BYTE, bytes + i, (byte) ints[i]);
                }
                long a = n.floats(size);
                long b = n.floats(size);
                long c = n.floats(size);
                Convert.apply(Kind.I32_F32, n.of(ints), a, size);
                Convert.apply(Kind.I64_F32, n.of(longs), b, size);
                Convert.apply(Kind.I8_F32, bytes, c, size);
                for (int i = 0; i < size; i++) {
                    assertThat(Native.at(a, i)).isEqualTo((float) ints[i]);
                    assertThat(Native.at(b, i)).isEqualTo((float) longs[i]);
                    assertThat(Native.at(c, i)).isEqualTo((byte) ints[i]);
                }
                assertThat(Ids.at(n.of(longs), 8, size - 1)).isEqualTo(longs[size - 1]);
            }
            n.assertGuardsIntact();
        }
    }

    /// Random bit patterns, half-precision edges and ties, 3 more than a multiple of 16.
    private static float[] samples() {
        Random random = new Random(4);
        float[] x = new float[20_000 + 3];
        for (int i = 0; i < x.length; i++) {
            x[i] =
                    switch (i % 4) {
                        case 0 -> Float.intBitsToFloat(random.nextInt());
                        case 1 -> (float) random.nextGaussian();
                        // A tie between two halves, normal or subnormal.
                        case 2 ->
                                (Float.float16ToFloat((short) (i & 0x7BFF))
                                                + Float.float16ToFloat((short) ((i & 0x7BFF) + 1)))
                                        / 2;
                        default -> (float) (random.nextGaussian() * 1e-6);
                    };
        }
        float[] edges = {0f, -0f, 65504f, 65519.996f, 65520f, 6e-8f, 2.98e-8f, Float.NaN};
        System.arraycopy(edges, 0, x, 0, edges.length);
        x[8] = Float.intBitsToFloat(0x7F800001);
        x[9] = Float.intBitsToFloat(0xFFFFFFFF);
        return x;
    }

    /// The nearer of the two neighbours, by exact arithmetic; the even one of equals.
    private static float nearestBf16(float x) {
        int low = Float.floatToRawIntBits(x) & 0xFFFF0000;
        float a = Float.intBitsToFloat(low);
        float b = Float.intBitsToFloat(low + 0x10000);
        BigDecimal exact = new BigDecimal(x);
        int order =
                exact.subtract(new BigDecimal(a))
                        .abs()
                        .compareTo(exact.subtract(new BigDecimal(b)).abs());
        if (order == 0) {
            return (low >>> 16 & 1) == 0 ? a : b;
        }
        return order < 0 ? a : b;
    }
}
