package io.chagres.kernels.cpu.sort;

import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.ValueLayout;

/// Types of keys, each of which knows its elements as unsigned integers in the same order. The two
/// zeros are one key, all NaNs are one key above every number.
public enum KeyType {
    /// Double precision.
    F64(8) {
        @Override
        long at(long p) {
            return ordered(Lanes.ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, p));
        }
    },
    /// Single precision.
    F32(4) {
        @Override
        long at(long p) {
            return ordered(Lanes.ALL.get(Lanes.FLOAT, p));
        }
    },
    /// bfloat16.
    BF16(2) {
        @Override
        long at(long p) {
            short bits = Lanes.ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, p);
            return ordered(Float.intBitsToFloat(bits << 16));
        }
    },
    /// Half precision.
    F16(2) {
        @Override
        long at(long p) {
            short bits = Lanes.ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, p);
            return ordered(Float.float16ToFloat(bits));
        }
    },
    /// Bytes and truth values.
    I8(1) {
        @Override
        long at(long p) {
            return ordered(Lanes.ALL.get(ValueLayout.JAVA_BYTE, p));
        }
    },
    /// 32-bit integers.
    I32(4) {
        @Override
        long at(long p) {
            return ordered(Lanes.ALL.get(Lanes.INT, p));
        }
    },
    /// 64-bit integers.
    I64(8) {
        @Override
        long at(long p) {
            return ordered(Lanes.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, p));
        }
    };

    private static final KeyType[] ALL = values();

    private final int bytes;

    KeyType(int bytes) {
        this.bytes = bytes;
    }

    static KeyType at(int ordinal) {
        return ALL[ordinal];
    }

    int bytes() {
        return bytes;
    }

    /// The element at an address, as an unsigned integer.
    abstract long at(long p);

    /// Writes a row's keys, less the smallest, to `keys` as 8-byte integers.
    ///
    /// @return the largest of them, unsigned
    long load(long row, int n, long keys) {
        long min = -1;
        long max = 0;
        for (int i = 0; i < n; i++) {
            long key = at(row + (long) i * bytes);
            min = Long.compareUnsigned(key, min) < 0 ? key : min;
            max = Long.compareUnsigned(key, max) > 0 ? key : max;
            Lanes.ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, keys + 8L * i, key);
        }
        for (int i = 0; i < n; i++) {
            long p = keys + 8L * i;
            long key = Lanes.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, p);
            Lanes.ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, p, key - min);
        }
        return max - min;
    }

    private static long ordered(double v) {
        long bits = Double.doubleToLongBits(v + 0.0);
        return bits ^ (bits >> 63 | Long.MIN_VALUE);
    }

    /// As of doubles, in the low 32 bits.
    private static long ordered(float v) {
        int bits = Float.floatToIntBits(v + 0.0f);
        return (bits ^ (bits >> 31 | Integer.MIN_VALUE)) & 0xFFFF_FFFFL;
    }

    private static long ordered(long v) {
        return v ^ Long.MIN_VALUE;
    }
}
