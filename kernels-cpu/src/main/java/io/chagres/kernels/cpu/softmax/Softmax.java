package io.chagres.kernels.cpu.softmax;

import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.ExpLoops;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Reduce;
import io.chagres.kernels.cpu.vector.RowReduce;
import io.chagres.kernels.cpu.vector.Scratch;

/// Softmax and its logarithm over rows of n floats, and their gradients.
///
/// Strides are in floats from one row to the next, so a row may be part of a wider one. Outputs may
/// be the inputs themselves. A row of which every element is negative infinity gives NaN, as does a
/// row with a NaN. Probabilities below 2^-126 are 0.
public final class Softmax {
    private Softmax() {}

    /// y = e^(x - max(x)) / sum(e^(x - max(x))) in each of `rows` rows.
    public static void forward(long x, long xStride, long y, long yStride, long rows, int n) {
        for (long r = 0; r < rows; r++) {
            long in = x + 4 * r * xStride;
            long out = y + 4 * r * yStride;
            float max = RowReduce.max(in, n);
            float inverse = 1f / exponentials(in, max, out, n);
            int main = n & -Lanes.N;
            SoftmaxLoops.scale(out, inverse, 4L * main);
            for (int i = 4 * main; i < 4 * n; i += 4) {
                Lanes.ALL.set(Lanes.FLOAT, out + i, at(out + i) * inverse);
            }
        }
    }

    /// [#forward(long, long, long, long, long, int)] by the pool's workers.
    public static void forward(
            WorkerPool pool, long x, long xStride, long y, long yStride, long rows, int n) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = xStride;
        args.l[2] = y;
        args.l[3] = yStride;
        args.l[4] = n;
        pool.forRange(
                rows,
                Grain.rows(n),
                args,
                (a, from, to, worker) ->
                        forward(
                                a.l[0] + 4 * from * a.l[1],
                                a.l[1],
                                a.l[2] + 4 * from * a.l[3],
                                a.l[3],
                                to - from,
                                (int) a.l[4]));
    }

    /// y = x - logsumexp(x) in each of `rows` rows.
    public static void logForward(long x, long xStride, long y, long yStride, long rows, int n) {
        for (long r = 0; r < rows; r++) {
            long in = x + 4 * r * xStride;
            long out = y + 4 * r * yStride;
            float max = RowReduce.max(in, n);
            float logSum = (float) StrictMath.log(Rows.sumOfExponentials(in, max, n));
            int main = n & -Lanes.N;
            SoftmaxLoops.logSoftmax(in, max, logSum, out, 4L * main);
            for (int i = 4 * main; i < 4 * n; i += 4) {
                Lanes.ALL.set(Lanes.FLOAT, out + i, at(in + i) - max - logSum);
            }
        }
    }

    /// [#logForward(long, long, long, long, long, int)] by the pool's workers.
    public static void logForward(
            WorkerPool pool, long x, long xStride, long y, long yStride, long rows, int n) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = xStride;
        args.l[2] = y;
        args.l[3] = yStride;
        args.l[4] = n;
        pool.forRange(
                rows,
                Grain.rows(n),
                args,
                (a, from, to, worker) ->
                        logForward(
                                a.l[0] + 4 * from * a.l[1],
                                a.l[1],
                                a.l[2] + 4 * from * a.l[3],
                                a.l[3],
                                to - from,
                                (int) a.l[4]));
    }

    /// Gradient of softmax from its output y: dx = y (dy - sum(dy y)), rows contiguous.
    public static void backward(long dy, long y, long dx, long rows, int n) {
        for (long r = 0; r < rows; r++) {
            long d = dy + 4 * r * n;
            long p = y + 4 * r * n;
            long out = dx + 4 * r * n;
            float sum = RowReduce.dot(d, p, n);
            int main = n & -Lanes.N;
            SoftmaxLoops.softmaxGradient(d, p, sum, out, 4L * main);
            for (int i = 4 * main; i < 4 * n; i += 4) {
                Lanes.ALL.set(Lanes.FLOAT, out + i, (at(d + i) - sum) * at(p + i));
            }
        }
    }

    /// [#backward(long, long, long, long, int)] by the pool's workers.
    public static void backward(WorkerPool pool, long dy, long y, long dx, long rows, int n) {
        var args = WorkerPool.args();
        args.l[0] = dy;
        args.l[1] = y;
        args.l[2] = dx;
        args.l[3] = n;
        pool.forRange(
                rows,
                Grain.rows(n),
                args,
                (a, from, to, worker) -> {
                    long skip = 4 * from * a.l[3];
                    backward(a.l[0] + skip, a.l[1] + skip, a.l[2] + skip, to - from, (int) a.l[3]);
                });
    }

    /// Gradient of log softmax from its output y: dx = dy - e^y sum(dy), rows contiguous.
    public static void logBackward(long dy, long y, long dx, long rows, int n) {
        for (long r = 0; r < rows; r++) {
            long d = dy + 4 * r * n;
            long p = y + 4 * r * n;
            long out = dx + 4 * r * n;
            float sum = RowReduce.sum(d, n);
            int main = n & -Lanes.N;
            int tail = n - main;
            ExpLoops.scaledExponentials(p, 0f, 0f, -sum, d, -1, out, 4L * main);
            if (tail != 0) {
                long scratch = Scratch.address();
                long a = Scratch.slot(scratch, 0);
                long b = Scratch.slot(scratch, 1);
                Scratch.load(a, d + 4L * main, tail, 0f);
                Scratch.load(b, p + 4L * main, tail, 0f);
                ExpLoops.scaledExponentials(b, 0f, 0f, -sum, a, -1, a, 4 * Lanes.N);
                Scratch.store(a, out + 4L * main, tail);
            }
        }
    }

    /// [#logBackward(long, long, long, long, int)] by the pool's workers.
    public static void logBackward(WorkerPool pool, long dy, long y, long dx, long rows, int n) {
        var args = WorkerPool.args();
        args.l[0] = dy;
        args.l[1] = y;
        args.l[2] = dx;
        args.l[3] = n;
        pool.forRange(
                rows,
                Grain.rows(n),
                args,
                (a, from, to, worker) -> {
                    long skip = 4 * from * a.l[3];
                    logBackward(
                            a.l[0] + skip, a.l[1] + skip, a.l[2] + skip, to - from, (int) a.l[3]);
                });
    }

    /// Stores e^(x - max) at y and returns the sum.
    private static float exponentials(long x, float max, long y, int n) {
        long scratch = Scratch.address();
        long lanes = Scratch.slot(scratch, 0);
        int main = n & -Scratch.SLOT_FLOATS;
        int tail = n - main;
        Scratch.fill(lanes, 0f);
        ExpLoops.exponentials(x, max, y, -1, 4L * main, lanes);
        if (tail != 0) {
            long slot = Scratch.slot(scratch, 1);
            Scratch.load(slot, x + 4L * main, tail, Float.NEGATIVE_INFINITY);
            ExpLoops.exponentials(slot, max, slot, -1, 4L * Scratch.SLOT_FLOATS, lanes);
            Scratch.store(slot, y + 4L * main, tail);
        }
        return Reduce.sum(lanes);
    }

    private static float at(long address) {
        return Lanes.ALL.get(Lanes.FLOAT, address);
    }
}
