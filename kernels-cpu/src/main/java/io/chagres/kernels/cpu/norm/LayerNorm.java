package io.chagres.kernels.cpu.norm;

import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Reduce;
import io.chagres.kernels.cpu.vector.RowReduce;
import io.chagres.kernels.cpu.vector.Scratch;

/// Layer normalisation over rows of n floats (Ba et al. 2016, arXiv:1607.06450): y = (x - mean)
/// rstd w + b with rstd = 1 / sqrt(var + eps), var being the biased variance.
///
/// The weight `w` and the bias `b` are [n]; an address of 0 stands for ones and zeros.
public final class LayerNorm {
    private LayerNorm() {}

    /// Normalises `rows` rows; `mean` and `rstd` get one float per row, for the backward.
    public static void forward(
            long x, long w, long b, long y, long mean, long rstd, long rows, int n, double eps) {
        for (long r = 0; r < rows; r++) {
            long row = x + 4 * r * n;
            float m = (float) ((double) RowReduce.sum(row, n) / n);
            float s = NormLoops.rstd(RowReduce.sumSquares(row, m, n), n, eps);
            Lanes.ALL.set(Lanes.FLOAT, mean + 4 * r, m);
            Lanes.ALL.set(Lanes.FLOAT, rstd + 4 * r, s);
            NormLoops.forward(row, m, s, w, b, y + 4 * r * n, n);
        }
    }

    /// [#forward(long, long, long, long, long, long, long, int, double)] by the pool's workers.
    public static void forward(
            WorkerPool pool,
            long x,
            long w,
            long b,
            long y,
            long mean,
            long rstd,
            long rows,
            int n,
            double eps) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = w;
        args.l[2] = b;
        args.l[3] = y;
        args.l[4] = mean;
        args.l[5] = rstd;
        args.l[6] = n;
        args.d[0] = eps;
        pool.forRange(
                rows,
                Grain.rows(n),
                args,
                (a, from, to, worker) -> {
                    long skip = 4 * from * a.l[6];
                    forward(
                            a.l[0] + skip,
                            a.l[1],
                            a.l[2],
                            a.l[3] + skip,
                            a.l[4] + 4 * from,
                            a.l[5] + 4 * from,
                            to - from,
                            (int) a.l[6],
                            a.d[0]);
                });
    }

    /// Gradient for x: with g = dy w and h = (x - mean) rstd, dx = rstd (g - mean(g) - h mean(g
    /// h)). The output may be `dy` itself.
    public static void backwardInput(
            long dy, long x, long w, long mean, long rstd, long dx, long rows, int n) {
        for (long r = 0; r < rows; r++) {
            long skip = 4 * r * n;
            float m = Lanes.ALL.get(Lanes.FLOAT, mean + 4 * r);
            float s = Lanes.ALL.get(Lanes.FLOAT, rstd + 4 * r);
            NormLoops.sums(dy + skip, x + skip, w, m, s, n);
            long scratch = Scratch.address();
            float g = (float) ((double) Reduce.sum(Scratch.slot(scratch, 0)) / n);
            float gh = (float) ((double) Reduce.sum(Scratch.slot(scratch, 1)) / n);
            NormLoops.backward(dy + skip, x + skip, w, m, s, g, gh, dx + skip, n);
        }
    }

    /// Bytes of scratch memory that [#backward] needs.
    public static long backwardScratchBytes(long rows, int n) {
        return ColumnSums.scratchBytes(rows, 2L * n);
    }

    /// Gradients for x ([rows, n]), w and b ([n] each, overwritten), by the pool's workers; an
    /// address of 0 leaves one out. The sums over rows are cut by shape alone and added in a fixed
    /// order.
    ///
    /// `scratch` has [#backwardScratchBytes] bytes. `dx` may be `dy` itself.
    public static void backward(
            WorkerPool pool,
            long dy,
            long x,
            long w,
            long mean,
            long rstd,
            long dx,
            long dw,
            long db,
            long rows,
            int n,
            long scratch) {
        var args = WorkerPool.args();
        args.l[0] = dy;
        args.l[1] = x;
        args.l[2] = w;
        args.l[3] = mean;
        args.l[4] = rstd;
        args.l[5] = dx;
        args.l[6] = dw | db;
        args.l[7] = n;
        args.l[8] = scratch;
        args.l[9] = ColumnSums.blockRows(rows);
        pool.forRange(
                rows,
                ColumnSums.blockRows(rows),
                args,
                (a, from, to, worker) -> {
                    int width = (int) a.l[7];
                    long skip = 4 * from * width;
                    long means = a.l[3] + 4 * from;
                    long rstds = a.l[4] + 4 * from;
                    long gy = a.l[0] + skip;
                    long in = a.l[1] + skip;
                    if (a.l[6] != 0) {
                        long sums = a.l[8] + from / a.l[9] * 8L * width;
                        NormLoops.columns(gy, in, means, rstds, sums, to - from, width);
                    }
                    if (a.l[5] != 0) {
                        long out = a.l[5] + skip;
                        backwardInput(gy, in, a.l[2], means, rstds, out, to - from, width);
                    }
                });
        if (dw != 0) {
            ColumnSums.combine(pool, scratch, 2L * n, dw, rows, n);
        }
        if (db != 0) {
            ColumnSums.combine(pool, scratch + 4L * n, 2L * n, db, rows, n);
        }
    }
}
