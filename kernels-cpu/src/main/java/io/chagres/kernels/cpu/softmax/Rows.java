package io.chagres.kernels.cpu.softmax;

import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.ExpLoops;
import io.chagres.kernels.cpu.vector.Ids;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Reduce;
import io.chagres.kernels.cpu.vector.RowReduce;
import io.chagres.kernels.cpu.vector.Scratch;

/// Reductions of each of `rows` rows of n floats; rows are `stride` floats apart.
public final class Rows {
    private static final int SUM = 0;
    private static final int MAX = 1;
    private static final int LOG_SUM_EXP = 2;
    private static final int ARG_MAX = 3;

    private Rows() {}

    /// Sums, one float per row.
    public static void sum(WorkerPool pool, long x, long stride, long out, long rows, int n) {
        reduce(pool, SUM, x, stride, out, rows, n);
    }

    /// Largest elements, one float per row; NaN where a row has one.
    public static void max(WorkerPool pool, long x, long stride, long out, long rows, int n) {
        reduce(pool, MAX, x, stride, out, rows, n);
    }

    /// log(sum(e^x)), one float per row, without overflow.
    public static void logSumExp(WorkerPool pool, long x, long stride, long out, long rows, int n) {
        reduce(pool, LOG_SUM_EXP, x, stride, out, rows, n);
    }

    /// Positions of the largest elements, one I64 per row: the first of equals, or the first NaN.
    public static void argMax(WorkerPool pool, long x, long stride, long out, long rows, int n) {
        reduce(pool, ARG_MAX, x, stride, out, rows, n);
    }

    /// log(sum(e^x)) of one row, not rounded to a float: negative infinity for a row of negative
    /// infinities.
    public static double logSumExp(long x, int n) {
        float max = RowReduce.max(x, n);
        if (Float.isInfinite(max)) {
            return max;
        }
        return max + StrictMath.log(sumOfExponentials(x, max, n));
    }

    /// Position of the largest element of one row: the first of equals, or the first NaN.
    public static int argMax(long x, int n) {
        float max = RowReduce.max(x, n);
        for (int i = 0; i < n; i++) {
            float v = Lanes.ALL.get(Lanes.FLOAT, x + 4L * i);
            if (v == max || Float.isNaN(v)) {
                return i;
            }
        }
        throw new IllegalArgumentException("argMax of a row without elements");
    }

    /// sum(e^(x - max)) of one row.
    static float sumOfExponentials(long x, float max, int n) {
        long scratch = Scratch.address();
        long lanes = Scratch.slot(scratch, 0);
        int main = n & -Scratch.SLOT_FLOATS;
        int tail = n - main;
        long unused = Scratch.slot(scratch, 2);
        Scratch.fill(lanes, 0f);
        ExpLoops.exponentials(x, max, unused, 255, 4L * main, lanes);
        if (tail != 0) {
            long slot = Scratch.slot(scratch, 1);
            Scratch.load(slot, x + 4L * main, tail, Float.NEGATIVE_INFINITY);
            ExpLoops.exponentials(slot, max, unused, 255, 4L * Scratch.SLOT_FLOATS, lanes);
        }
        return Reduce.sum(lanes);
    }

    private static void reduce(
            WorkerPool pool, int kind, long x, long stride, long out, long rows, int n) {
        var args = WorkerPool.args();
        args.l[0] = kind;
        args.l[1] = x;
        args.l[2] = stride;
        args.l[3] = out;
        args.l[4] = n;
        pool.forRange(
                rows,
                Grain.rows(n),
                args,
                (a, from, to, worker) -> {
                    for (long r = from; r < to; r++) {
                        row((int) a.l[0], a.l[1] + 4 * r * a.l[2], a.l[3], r, (int) a.l[4]);
                    }
                });
    }

    private static void row(int kind, long x, long out, long r, int n) {
        if (kind == ARG_MAX) {
            Ids.set(out, r, argMax(x, n));
            return;
        }
        float value =
                switch (kind) {
                    case SUM -> RowReduce.sum(x, n);
                    case MAX -> RowReduce.max(x, n);
                    default -> (float) logSumExp(x, n);
                };
        Lanes.ALL.set(Lanes.FLOAT, out + 4 * r, value);
    }
}
