package io.chagres.kernels.cpu.gemm;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;

import java.lang.foreign.ValueLayout;

/// The parameter block of a micro-kernel in machine code: eight bytes each, at these offsets. Steps
/// and rows are in bytes.
final class Parameters {
    static final int A = 0;

    /// Between rows of A, where it is read as it lies.
    static final int A_ROW = 8;

    /// From k to k + 1, where A is read as it lies.
    static final int A_STEP = 16;

    static final int B = 24;
    static final int B_STEP = 32;

    /// Lanes along k, at least 1.
    static final int DEPTH = 40;

    /// 32-bit sums to add, floats or integers as the tile's, or 0.
    static final int SUMS = 48;

    static final int SUMS_ROW = 56;
    static final int C = 64;
    static final int C_ROW = 72;

    /// Floats to add to every row, or 0.
    static final int BIAS = 80;

    /// What is stored and how: one of the following.
    static final int STORE = 88;

    /// Rows of whole 32-bit lanes: no mask, no [#OLD], no scales.
    static final long STORE_WHOLE = 0;

    /// 32-bit lanes within the mask.
    static final long STORE_MASKED = 1;

    /// bfloat16 within the mask.
    static final long STORE_BF16 = 2;

    /// One bit for each column that exists.
    static final int MASK = 96;

    /// Whether what C holds is added: bfloat16, or floats to scaled integers.
    static final int OLD = 104;

    /// Integers to subtract from each row: what the 128 added to A's bytes has brought.
    static final int CORRECTION = 112;

    /// Floats that rows and columns of integers are multiplied by, both or neither (0).
    static final int ROW_SCALE = 120;

    static final int COLUMN_SCALE = 128;

    /// Bytes of the block.
    static final int BYTES = 192;

    private Parameters() {}

    static void put(long block, int offset, long value) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, block + offset, value);
    }
}
