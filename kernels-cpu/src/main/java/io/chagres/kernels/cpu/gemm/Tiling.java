package io.chagres.kernels.cpu.gemm;

import io.chagres.kernels.cpu.vector.Lanes;

/// The sizes by which a product is cut up, after Goto and van de Geijn ("Anatomy of
/// High-Performance Matrix Multiplication", 2008) and BLIS (Van Zee and van de Geijn, 2015).
///
/// - A tile of [#ROWS] × [#COLUMNS] results stays in registers while the micro-kernel walks down a
///   panel of A and a panel of B; both are packed, so it reads memory in order. The tile is as
///   large as the register file allows (see the kernels), because each element loaded then serves
///   most products. 12 × 2 vectors of 512 bits was as fast as 14 × 2, leaves C1 a margin that 14 ×
///   2 does not (see [MicroKernel]), and its left-over rows are 4 or 8 for every power of two.
/// - A block of [#ROW_BLOCK] rows of A by [#depthBlock] stays in a core's L2 (half of 1 MiB) while
///   all panels of B stream past.
/// - A block of [#COLUMN_BLOCK] columns of B by the same depth stays in L3.
/// - The depth block is long, so that reading and writing the tile costs little, and short enough
///   for the block of A. **It depends on K alone**, because it decides in which order products are
///   added.
final class Tiling {
    /// Rows of a tile, the width of a panel of A.
    static final int ROWS = Lanes.BITS == 512 ? 12 : 6;

    /// Columns of a tile, the width of a panel of B: 32 or 16.
    static final int COLUMNS = Lanes.BITS == 512 ? 32 : 16;

    /// Rows of A that a core keeps in its L2, a multiple of 12.
    static final int ROW_BLOCK = 96;

    /// Columns of B that are packed at a time.
    private static final int COLUMN_BLOCK = 3072;

    /// Columns at a time where the sums between depth blocks are kept apart from C, so that they do
    /// not take too much memory.
    static final int STAGED_COLUMNS = 512;

    private static final int DEPTH_BLOCK = 1024;

    private static final int CACHE_LINE = 64;

    /// Products M·N·K up to which packing costs more than it saves.
    static final long SMALL = 64 * 64 * 64;

    /// Rows up to which packing B is not worth it: each element packed would serve few products.
    static final int FEW_ROWS = 2 * ROWS;

    /// Columns up to which packing A is not worth it, if it can be read well where it lies.
    static final int FEW_COLUMNS = 2 * COLUMNS;

    /// Bytes of a matrix read where it lies that a thread's caches keep, address translation
    /// included.
    static final long READ_BYTES = 1 << 18;

    /// Rows that are a multiple of this many bytes apart compete for a few places in the cache.
    static final int CONFLICT = 1024;

    /// Products worth waking another thread for, some 5 µs.
    static final long WORK_PER_THREAD = 250_000;

    private Tiling() {}

    /// Columns of B to pack at a time: few if there are few rows to use them, so that they stay in
    /// L2; a third where more than two threads, each with a block of its own, share L3.
    static int columnBlock(int m, int workers) {
        if (m <= ROW_BLOCK) {
            return 512;
        }
        return workers > 2 ? COLUMN_BLOCK / 3 : COLUMN_BLOCK;
    }

    /// How many lanes along k (products, in F32) are added up before the tile goes to memory: all
    /// in equal parts of at most 1024, rounded up to 16.
    static int depthBlock(int k) {
        int part = k <= DEPTH_BLOCK ? k : Math.ceilDiv(k, Math.ceilDiv(k, DEPTH_BLOCK));
        return Math.max(16, Math.ceilDiv(part, 16) * 16);
    }

    /// Bytes of a packed panel of A. Packing may write a vector's worth past its end.
    static long rowPanelBytes(int depth) {
        long bytes = 4L * depth * ROWS + Lanes.BITS / 8;
        return Math.ceilDiv(bytes, CACHE_LINE) * CACHE_LINE;
    }

    /// Bytes of a packed panel of B.
    static long columnPanelBytes(int depth) {
        return 4L * depth * COLUMNS;
    }
}
