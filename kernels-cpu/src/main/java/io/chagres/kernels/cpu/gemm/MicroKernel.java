package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.vector.Lanes;

/// Chooses the micro-kernel for the vector width and the number of rows.
///
/// **The compiler trap.** A method too large for C1's profiled tier ("out of virtual registers")
/// that C1 compiled without profile before is never handed to C2 and stays a hundred times too slow
/// for good. It cannot be seen from the source: it takes a busy C2 queue at the wrong moment. So
/// every kernel here is small enough for C1's tier 3 (14 × 2 vectors still is, 16 × 2 is not; 12 ×
/// 2 is the largest here): one zero shared by all accumulators, no edges, no alternatives.
/// `-XX:TieredStopAtLevel=3 -XX:+PrintCompilation` shows a refusal as COMPILE SKIPPED.
///
/// **The other trap.** C2 stops inlining ordinary methods past a number of nodes that these kernels
/// exceed, or where a method reached it before it had a profile ("low call site frequency"); then
/// vectors are boxed, for good. It always inlines the library's own, so kernels call
/// `fromMemorySegment` and `intoMemorySegment` themselves and use no helper.
///
/// **Addresses** are masked inside the loops, which frees those of range checks: see
/// [Lanes#ADDRESS].
final class MicroKernel {
    private static final long PANEL_STEP = 4L * Tiling.ROWS;
    private static final long TWO_VECTORS = 2L * Lanes.BITS / 8;

    /// Whether 16 accumulators and their operands fit the registers.
    private static final boolean EIGHT_ROWS = Lanes.BITS != 256;

    /// Bytes between rows of A up to which [#strided] can read them: 7 rows away is an int.
    static final long WIDEST_ROW = 1 << 28;

    private MicroKernel() {}

    /// How many rows [#packed] writes when `rows` are wanted.
    static int rowsWritten(int rows) {
        if (rows <= 4) {
            return 4;
        }
        return rows <= 8 && Tiling.ROWS > 8 ? 8 : Tiling.ROWS;
    }

    /// Writes a tile of [#rowsWritten] rows by [Tiling#COLUMNS] from a packed panel of A; B's rows
    /// are `bStep` bytes apart.
    static void packed(int rows, long a, long b, long bStep, int depth, long c, long cRow) {
        int written = rowsWritten(rows);
        if (written != Tiling.ROWS) {
            strided(written, a, 4, PANEL_STEP, b, bStep, depth, c, cRow);
        } else if (Lanes.BITS == 512) {
            Kernel12x2.run(a, b, bStep, depth, c, cRow);
        } else if (Lanes.BITS == 256) {
            Kernel6x2.run(a, b, bStep, depth, c, cRow);
        } else {
            Kernel6x4.run(a, b, bStep, depth, c, cRow);
        }
    }

    /// How many of the `rows` that are left [#strided] should take: 8, 4 or 1.
    static int stridedRows(int rows) {
        if (rows >= 8 && EIGHT_ROWS) {
            return 8;
        }
        return rows >= 4 ? 4 : 1;
    }

    /// Writes a tile of `rows` (8, 4 or 1) by [Tiling#COLUMNS] from A as it lies in memory.
    static void strided(
            int rows,
            long a,
            int aRow,
            long aStep,
            long b,
            long bStep,
            int depth,
            long c,
            long cRow) {
        for (long at = 0; at < 4L * Tiling.COLUMNS; at += TWO_VECTORS) {
            switch (rows) {
                case 8 -> StridedKernels.rows8(a, aRow, aStep, b + at, bStep, depth, c + at, cRow);
                case 4 -> StridedKernels.rows4(a, aRow, aStep, b + at, bStep, depth, c + at, cRow);
                default -> StridedKernels.rows1(a, aRow, aStep, b + at, bStep, depth, c + at, cRow);
            }
        }
    }
}
