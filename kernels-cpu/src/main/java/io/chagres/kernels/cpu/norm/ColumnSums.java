package io.chagres.kernels.cpu.norm;

import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.pool.WorkerPool;

/// Sums over the rows of a matrix, in an order that depends on its shape alone: rows are cut into
/// blocks of equal size, each block is summed from its first row to its last, and the blocks' sums
/// are added from the first to the last.
///
/// Besides the plain sum (the gradient of a bias) it serves the gradients of norm weights.
public final class ColumnSums {
    private static final long COLUMNS = 512;
    private static final long MIN_BLOCK_ROWS = 16;
    private static final long MAX_BLOCKS = 64;

    private ColumnSums() {}

    /// Rows of a block: at least 16, and so many that there are at most 64 blocks.
    static long blockRows(long rows) {
        return Math.max(MIN_BLOCK_ROWS, (rows + MAX_BLOCKS - 1) / MAX_BLOCKS);
    }

    /// Bytes of scratch memory for the sums of `n` columns over `rows` rows.
    public static long scratchBytes(long rows, long n) {
        return 4 * n * blocks(rows);
    }

    /// out[j] = sum over rows of x[r, j], by the pool's workers. `scratch` has [#scratchBytes]
    /// bytes.
    public static void sum(WorkerPool pool, long x, long out, long rows, long n, long scratch) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = scratch;
        args.l[2] = n;
        args.l[3] = blockRows(rows);
        pool.forRange(
                rows,
                blockRows(rows),
                args,
                (a, from, to, worker) -> {
                    long width = a.l[2];
                    long sums = a.l[1] + from / a.l[3] * 4 * width;
                    Fill.fill(sums, 0f, width);
                    for (long r = from; r < to; r++) {
                        Fill.accumulate(a.l[0] + 4 * r * width, sums, width);
                    }
                });
        combine(pool, scratch, n, out, rows, n);
    }

    /// Adds up the blocks' sums: out[j] = sum over blocks b of partial[b * stride + j] for n
    /// columns.
    static void combine(WorkerPool pool, long partial, long stride, long out, long rows, long n) {
        var args = WorkerPool.args();
        args.l[0] = partial;
        args.l[1] = stride;
        args.l[2] = out;
        args.l[3] = blocks(rows);
        pool.forRange(
                n,
                COLUMNS,
                args,
                (a, from, to, worker) -> {
                    long target = a.l[2] + 4 * from;
                    Fill.fill(target, 0f, to - from);
                    for (long b = 0; b < a.l[3]; b++) {
                        long source = a.l[0] + 4 * (b * a.l[1] + from);
                        Fill.accumulate(source, target, to - from);
                    }
                });
    }

    private static long blocks(long rows) {
        long size = blockRows(rows);
        return (rows + size - 1) / size;
    }
}
