package io.chagres.kernels.cpu.optim;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.RowReduce;

/// The sum of squares of an array, for the global norm of gradients: blocks of fixed size are
/// summed over 64 lanes in single precision, and the blocks' sums from first to last in double.
public final class SumOfSquares {
    private static final long BLOCK = 16384;

    private SumOfSquares() {}

    /// Bytes of scratch memory for n floats.
    public static long scratchBytes(long n) {
        return 8 * blocks(n);
    }

    /// Sum of x[i]^2 over n floats, by the pool's workers. `scratch` has [#scratchBytes] bytes.
    public static double of(WorkerPool pool, long x, long n, long scratch) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = scratch;
        pool.forRange(
                n,
                BLOCK,
                args,
                (a, from, to, worker) -> {
                    double sum = RowReduce.sumSquares(a.l[0] + 4 * from, 0f, to - from);
                    Lanes.ALL.set(Lanes.DOUBLE, a.l[1] + 8 * (from / BLOCK), sum);
                });
        double total = 0;
        for (long b = 0; b < blocks(n); b++) {
            total += Lanes.ALL.get(Lanes.DOUBLE, scratch + 8 * b);
        }
        return total;
    }

    private static long blocks(long n) {
        return (n + BLOCK - 1) / BLOCK;
    }
}
