package io.chagres.kernels.cpu.norm;

import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Scratch;
import io.chagres.tensor.DType;

/// Sums over the rows of a matrix, in an order that depends on its shape alone: rows are cut into
/// blocks of equal size, each block is summed from its first row to its last, and the blocks' sums
/// are added from the first to the last.
///
/// Besides the plain sum (the gradient of a bias) it serves the gradients of norm weights.
public final class ColumnSums {
    private static final long COLUMNS = 512;
    private static final long MIN_BLOCK_ROWS = 16;
    private static final long MAX_BLOCKS = 64;
    private static final DType[] TYPES = DType.values();

    private ColumnSums() {}

    /// Rows of a block: at least 16, and so many that there are at most 64 blocks.
    static long blockRows(long rows) {
        return Math.max(MIN_BLOCK_ROWS, (rows + MAX_BLOCKS - 1) / MAX_BLOCKS);
    }

    /// Bytes of scratch memory for the sums of `n` columns over `rows` rows: the blocks' sums, and
    /// the total before it is rounded.
    public static long scratchBytes(long rows, long n) {
        return 4 * n * (blocks(rows) + 1);
    }

    /// out[j] = sum over rows of x[r, j], by the pool's workers. `scratch` has [#scratchBytes]
    /// bytes.
    ///
    /// @param type F32, BF16 or F16, of x and of the result; sums are floats until they are stored
    public static void sum(
            WorkerPool pool, DType type, long x, long out, long rows, long n, long scratch) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = scratch;
        args.l[2] = n;
        args.l[3] = blockRows(rows);
        args.l[4] = type.ordinal();
        pool.forRange(
                rows, blockRows(rows), args, (a, from, to, worker) -> block(a, from, to));
        if (type == DType.F32) {
            combine(pool, scratch, n, out, rows, n);
        } else {
            long sums = scratch + scratchBytes(rows, n) - 4 * n;
            combine(pool, scratch, n, sums, rows, n);
            Convert.narrow(type, sums, out, n);
        }
    }

    /// Sums a block of rows, a few hundred columns at a time where they must be widened first.
    private static void block(Args a, long from, long to) {
        DType type = TYPES[(int) a.l[4]];
        long width = a.l[2];
        long sums = a.l[1] + from / a.l[3] * 4 * width;
        Fill.fill(sums, 0f, width);
        long stage = Scratch.stage(Scratch.address(), 0);
        for (long r = from; r < to; r++) {
            long row = a.l[0] + type.bytes() * r * width;
            if (type == DType.F32) {
                Fill.accumulate(row, sums, width);
                continue;
            }
            for (long j = 0; j < width; j += Scratch.BLOCK_FLOATS) {
                long n = Math.min(Scratch.BLOCK_FLOATS, width - j);
                Convert.widen(type, row + type.bytes() * j, stage, n);
                Fill.accumulate(stage, sums + 4 * j, n);
            }
        }
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
