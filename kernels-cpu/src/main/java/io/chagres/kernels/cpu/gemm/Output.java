package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.INT;

import io.chagres.tensor.DType;
import java.lang.foreign.ValueLayout;

/// What becomes of a block's sums over k, in this order: sums of earlier depth blocks (or what C
/// holds) are added, integers become floats by their scales, what C holds is added (bfloat16, or
/// the floats of earlier groups), the bias is added, and the result is rounded to C's type.
final class Output {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /// Where the block goes: element (0, 0), bytes between rows, and type: F32, I32 or BF16.
    long c;

    long row;
    DType type = DType.F32;

    /// 32-bit sums to add, floats or integers as the products', or 0; and bytes between their rows.
    long sums;

    long sumsRow;

    /// Whether to add what C holds: BF16, or the F32 of scaled integers.
    boolean old;

    /// Row vector to add, or 0.
    long bias;

    /// Factors of rows and of columns by which integers become floats, or 0.
    long rowScale;

    long columnScale;

    /// Whether the sums are stored as they are.
    boolean isPlain() {
        return sums == 0 && bias == 0 && !old && columnScale == 0;
    }

    /// Address of an element of C.
    long address(int i, int j) {
        return c + i * row + (long) j * type.bytes();
    }

    /// Finishes one element of a product of floats.
    void finishFloat(long from, int i, int j) {
        float value = ALL.get(FLOAT, from);
        if (sums != 0) {
            value = ALL.get(FLOAT, sums + i * sumsRow + 4L * j) + value;
        }
        store(value, i, j);
    }

    /// Finishes one element of a product of bytes, whose sum is a float without a fraction.
    void finishInteger(long from, int i, int j) {
        int value = (int) ALL.get(FLOAT, from);
        if (sums != 0) {
            value += ALL.get(INT, sums + i * sumsRow + 4L * j);
        }
        if (columnScale == 0) {
            ALL.set(INT, address(i, j), value);
        } else {
            float scaled = value * ALL.get(FLOAT, rowScale + 4L * i);
            store(scaled * ALL.get(FLOAT, columnScale + 4L * j), i, j);
        }
    }

    private void store(float value, int i, int j) {
        long to = address(i, j);
        if (old) {
            value = Widen.element(type, to) + value;
        }
        if (bias != 0) {
            value += ALL.get(FLOAT, bias + 4L * j);
        }
        set(type, to, value);
    }

    /// Stores a float as F32 or BF16.
    static void set(DType type, long address, float value) {
        if (type == DType.BF16) {
            ALL.set(SHORT, address, narrow(value));
        } else {
            ALL.set(FLOAT, address, value);
        }
    }

    /// A float rounded to the nearest bfloat16, ties to even; as the processor's instruction does
    /// it, a subnormal becomes zero and a NaN quiet.
    static short narrow(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        if (Math.abs(value) < Float.MIN_NORMAL) {
            return (short) (bits >>> 16 & 0x8000);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
