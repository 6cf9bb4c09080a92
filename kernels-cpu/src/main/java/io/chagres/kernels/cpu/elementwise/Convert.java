package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Ids;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import java.lang.foreign.ValueLayout;

/// Conversions of contiguous arrays between number formats. Narrowing rounds to nearest, ties to
/// even, overflows to infinity and keeps NaN a NaN.
public final class Convert {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private Convert() {}

    /// What to convert. Names are source, then target.
    public enum Kind {
        /// Single precision to bfloat16.
        F32_BF16(4, 2),
        /// bfloat16 to single precision, exact.
        BF16_F32(2, 4),
        /// Single to half precision (IEEE binary16), with subnormals.
        F32_F16(4, 2),
        /// Half to single precision, exact.
        F16_F32(2, 4),
        /// Single to double precision, exact.
        F32_F64(4, 8),
        /// Double to single precision.
        F64_F32(8, 4),
        /// 32-bit integers to single precision.
        I32_F32(4, 4),
        /// 64-bit integers to single precision.
        I64_F32(8, 4),
        /// 8-bit signed integers to single precision, exact.
        I8_F32(1, 4);

        private final int sourceBytes;
        private final int targetBytes;

        Kind(int sourceBytes, int targetBytes) {
            this.sourceBytes = sourceBytes;
            this.targetBytes = targetBytes;
        }
    }

    private static final Kind[] KINDS = Kind.values();

    /// Writes n values, stored as `type` at `x`, as floats to `y`.
    ///
    /// @param type F32, BF16 or F16
    public static void widen(DType type, long x, long y, long n) {
        switch (type) {
            case BF16 -> apply(Kind.BF16_F32, x, y, n);
            case F16 -> apply(Kind.F16_F32, x, y, n);
            default -> Fill.copy(x, y, 4 * n);
        }
    }

    /// Rounds n floats at `x` and stores them as `type` at `y`.
    ///
    /// @param type F32, BF16 or F16
    public static void narrow(DType type, long x, long y, long n) {
        switch (type) {
            case BF16 -> apply(Kind.F32_BF16, x, y, n);
            case F16 -> apply(Kind.F32_F16, x, y, n);
            default -> Fill.copy(x, y, 4 * n);
        }
    }

    /// Converts n elements at `x` and stores them at `y`, which must not overlap `x`.
    public static void apply(Kind kind, long x, long y, long n) {
        long main = n & -ConvertLoops.STEP;
        switch (kind) {
            case F32_BF16 -> ConvertLoops.toBf16(x, y, main);
            case BF16_F32 -> ConvertLoops.fromBf16(x, y, main);
            case F32_F16 -> ConvertLoops.toF16(x, y, main);
            case F16_F32 -> ConvertLoops.fromF16(x, y, main);
            case F32_F64 -> ConvertLoops.toDouble(x, y, main);
            case F64_F32 -> ConvertLoops.fromDouble(x, y, main);
            case I32_F32 -> ConvertLoops.fromInt(x, y, main);
            case I64_F32 -> ConvertLoops.fromLong(x, y, main);
            case I8_F32 -> ConvertLoops.fromByte(x, y, main);
        }
        for (long i = main; i < n; i++) {
            one(kind, x + i * kind.sourceBytes, y + i * kind.targetBytes);
        }
    }

    /// [#apply(Kind, long, long, long)] by the pool's workers.
    public static void apply(WorkerPool pool, Kind kind, long x, long y, long n) {
        var args = WorkerPool.args();
        args.l[0] = kind.ordinal();
        args.l[1] = x;
        args.l[2] = y;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (a, from, to, worker) -> {
                    Kind k = KINDS[(int) a.l[0]];
                    apply(
                            k,
                            a.l[1] + from * k.sourceBytes,
                            a.l[2] + from * k.targetBytes,
                            to - from);
                });
    }

    /// A float as bfloat16.
    public static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }

    /// A bfloat16 as float.
    public static float fromBf16(short value) {
        return Float.intBitsToFloat(value << 16);
    }

    /// A float as half precision.
    public static short toF16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7FFFFFFF;
        int half;
        if (magnitude > 0x7F800000) {
            half = 0x7E00 | ((magnitude >>> 13) & 0x3FF);
        } else if (magnitude >= 0x47800000) {
            half = 0x7C00;
        } else if (magnitude < 0x38800000) {
            // The unit in the last place of numbers next to 0.5 is 2^-24, a half's smallest step.
            float shifted = Float.intBitsToFloat(magnitude) + 0.5f;
            half = Float.floatToRawIntBits(shifted) - 0x3F000000;
        } else {
            half = (magnitude - 0x38000000 + 0xFFF + ((magnitude >>> 13) & 1)) >>> 13;
        }
        return (short) (half | sign);
    }

    /// A half-precision number as float.
    public static float fromF16(short value) {
        int sign = (value & 0x8000) << 16;
        int magnitude = (value & 0x7FFF) << 13;
        int bits;
        if (magnitude >= 0x0F800000) {
            bits = magnitude + 0x70000000;
        } else if (magnitude < 0x00800000) {
            float shifted = Float.intBitsToFloat(magnitude + 0x38800000) - 0x1p-14f;
            bits = Float.floatToRawIntBits(shifted);
        } else {
            bits = magnitude + 0x38000000;
        }
        return Float.intBitsToFloat(bits | sign);
    }

    private static void one(Kind kind, long x, long y) {
        switch (kind) {
            case F32_BF16 -> Lanes.ALL.set(SHORT, y, toBf16(Lanes.ALL.get(Lanes.FLOAT, x)));
            case BF16_F32 -> Lanes.ALL.set(Lanes.FLOAT, y, fromBf16(Lanes.ALL.get(SHORT, x)));
            case F32_F16 -> Lanes.ALL.set(SHORT, y, toF16(Lanes.ALL.get(Lanes.FLOAT, x)));
            case F16_F32 -> Lanes.ALL.set(Lanes.FLOAT, y, fromF16(Lanes.ALL.get(SHORT, x)));
            case F32_F64 -> Lanes.ALL.set(Lanes.DOUBLE, y, Lanes.ALL.get(Lanes.FLOAT, x));
            case F64_F32 -> Lanes.ALL.set(Lanes.FLOAT, y, (float) Lanes.ALL.get(Lanes.DOUBLE, x));
            case I32_F32 -> Lanes.ALL.set(Lanes.FLOAT, y, Lanes.ALL.get(Lanes.INT, x));
            case I64_F32 -> Lanes.ALL.set(Lanes.FLOAT, y, Ids.at(x, 8, 0));
            case I8_F32 -> Lanes.ALL.set(Lanes.FLOAT, y, Lanes.ALL.get(ValueLayout.JAVA_BYTE, x));
        }
    }
}
