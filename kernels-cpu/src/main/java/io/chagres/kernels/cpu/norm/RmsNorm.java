package io.chagres.kernels.cpu.norm;

import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Reduce;
import io.chagres.kernels.cpu.vector.RowReduce;
import io.chagres.kernels.cpu.vector.Scratch;

/// Root-mean-square normalisation over rows of n floats (Zhang and Sennrich 2019,
/// arXiv:1910.07467): y = x rstd w with rstd = 1 / sqrt(mean(x^2) + eps).
///
/// The weight `w` is [n]; an address of 0 stands for ones.
public final class RmsNorm {
    private RmsNorm() {}

    /// Normalises `rows` rows; `rstd` gets one float per row, for the backward.
    public static void forward(long x, long w, long y, long rstd, long rows, int n, double eps) {
        RmsCode machine = RmsCode.here();
        if (machine != null && w != 0 && n != 0 && n % RmsCode.STEP == 0) {
            forwardCode(machine, x, w, y, rstd, rows, n, eps);
        } else {
            forwardVectors(x, w, y, rstd, rows, n, eps);
        }
    }

    private static void forwardCode(
            RmsCode machine, long x, long w, long y, long rstd, long rows, int n, double eps) {
        for (long r = 0; r < rows; r++) {
            long row = x + 4 * r * n;
            long at = rstd + 4 * r;
            machine.sumSquares(row, n, at);
            float s = NormLoops.rstd(Lanes.ALL.get(Lanes.FLOAT, at), n, eps);
            Lanes.ALL.set(Lanes.FLOAT, at, s);
            machine.scale(row, at, w, y + 4 * r * n, n);
        }
    }

    static void forwardVectors(long x, long w, long y, long rstd, long rows, int n, double eps) {
        for (long r = 0; r < rows; r++) {
            long row = x + 4 * r * n;
            float s = NormLoops.rstd(RowReduce.sumSquares(row, 0f, n), n, eps);
            Lanes.ALL.set(Lanes.FLOAT, rstd + 4 * r, s);
            NormLoops.scale(row, s, w, y + 4 * r * n, n);
        }
    }

    /// [#forward(long, long, long, long, long, int, double)] by the pool's workers.
    public static void forward(
            WorkerPool pool, long x, long w, long y, long rstd, long rows, int n, double eps) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = w;
        args.l[2] = y;
        args.l[3] = rstd;
        args.l[4] = n;
        args.d[0] = eps;
        pool.forRange(
                rows,
                Grain.rows(n),
                args,
                (a, from, to, worker) -> {
                    long skip = 4 * from * a.l[4];
                    forward(
                            a.l[0] + skip,
                            a.l[1],
                            a.l[2] + skip,
                            a.l[3] + 4 * from,
                            to - from,
                            (int) a.l[4],
                            a.d[0]);
                });
    }

    /// Gradient for x: with g = dy w and h = x rstd, dx = rstd (g - h mean(g h)). The output may be
    /// `dy` itself.
    public static void backwardInput(
            long dy, long x, long w, long rstd, long dx, long rows, int n) {
        for (long r = 0; r < rows; r++) {
            long skip = 4 * r * n;
            float s = Lanes.ALL.get(Lanes.FLOAT, rstd + 4 * r);
            NormLoops.sums(dy + skip, x + skip, w, 0f, s, n);
            long lanes = Scratch.slot(Scratch.address(), 1);
            float gh = (float) ((double) Reduce.sum(lanes) / n);
            NormLoops.backward(dy + skip, x + skip, w, 0f, s, 0f, gh, dx + skip, n);
        }
    }

    /// Bytes of scratch memory that [#backward] needs.
    public static long backwardScratchBytes(long rows, int n) {
        return ColumnSums.scratchBytes(rows, n);
    }

    /// Gradients for x ([rows, n]) and w ([n], overwritten), by the pool's workers; an address of 0
    /// leaves one out. The sums over rows are cut by shape alone and added in a fixed order.
    ///
    /// `scratch` has [#backwardScratchBytes] bytes. `dx` may be `dy` itself.
    public static void backward(
            WorkerPool pool,
            long dy,
            long x,
            long w,
            long rstd,
            long dx,
            long dw,
            long rows,
            int n,
            long scratch) {
        var args = WorkerPool.args();
        args.l[0] = dy;
        args.l[1] = x;
        args.l[2] = w;
        args.l[3] = rstd;
        args.l[4] = dx;
        args.l[5] = dw;
        args.l[6] = n;
        args.l[7] = scratch;
        args.l[8] = ColumnSums.blockRows(rows);
        pool.forRange(
                rows,
                ColumnSums.blockRows(rows),
                args,
                (a, from, to, worker) -> {
                    int width = (int) a.l[6];
                    long skip = 4 * from * width;
                    long rstds = a.l[3] + 4 * from;
                    long gy = a.l[0] + skip;
                    long in = a.l[1] + skip;
                    if (a.l[5] != 0) {
                        long sums = a.l[7] + from / a.l[8] * 4L * width;
                        NormLoops.columns(gy, in, rstds, sums, to - from, width);
                    }
                    if (a.l[4] != 0) {
                        backwardInput(gy, in, a.l[2], rstds, a.l[4] + skip, to - from, width);
                    }
                });
        if (dw != 0) {
            ColumnSums.combine(pool, scratch, n, dw, rows, n);
        }
    }
}
