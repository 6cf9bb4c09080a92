package io.chagres.kernels.cpu.softmax;

import io.chagres.kernels.cpu.elementwise.Convert;
import io.chagres.kernels.cpu.elementwise.Fill;
import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.ExpLoops;
import io.chagres.kernels.cpu.vector.Ids;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.RowReduce;
import io.chagres.kernels.cpu.vector.Scratch;
import io.chagres.tensor.DType;

/// Cross-entropy of logits [rows, vocabulary] against target ids, with label smoothing as PyTorch
/// defines it. The probabilities are never stored: the forward keeps one log-sum-exp per row, and
/// the backward reads the logits once and writes the gradient once.
///
/// For a row with logits x, target t, smoothing e and V columns: loss = (1 - e) (lse - x[t]) + e
/// (lse - mean(x)), where lse = log(sum(e^x)). A row whose target is `ignoreIndex` has loss 0, lse
/// 0 and gradient 0; its logits are not read.
public final class CrossEntropy {
    private static final DType[] TYPES = DType.values();

    private CrossEntropy() {}

    /// Losses and log-sum-exps, one float each per row, of the rows from `from` to `to - 1`;
    /// addresses are those of row 0. `idBytes` is 4 (I32) or 8 (I64).
    ///
    /// @throws IndexOutOfBoundsException if a target is neither `ignoreIndex` nor a column; names
    ///   the row
    public static void forward(
            long logits,
            long targets,
            int idBytes,
            long ignoreIndex,
            double smoothing,
            long loss,
            long lse,
            long from,
            long to,
            int vocabulary) {
        for (long r = from; r < to; r++) {
            long target = Ids.at(targets, idBytes, r);
            double rowLoss = 0;
            double rowLse = 0;
            if (target != ignoreIndex) {
                check(target, r, vocabulary);
                long row = logits + 4 * r * vocabulary;
                rowLse = Rows.logSumExp(row, vocabulary);
                rowLoss = rowLse - Lanes.ALL.get(Lanes.FLOAT, row + 4 * target);
                if (smoothing != 0) {
                    double mean = (double) RowReduce.sum(row, vocabulary) / vocabulary;
                    rowLoss = (1 - smoothing) * rowLoss + smoothing * (rowLse - mean);
                }
            }
            Lanes.ALL.set(Lanes.FLOAT, loss + 4 * r, (float) rowLoss);
            Lanes.ALL.set(Lanes.FLOAT, lse + 4 * r, (float) rowLse);
        }
    }

    /// Bytes of scratch memory for logits of a type: a row of floats for each thread where they are
    /// BF16 or F16.
    public static long scratchBytes(WorkerPool pool, DType type, int vocabulary) {
        return type == DType.F32 ? 0 : pool.threads() * rowBytes(vocabulary);
    }

    private static long rowBytes(int vocabulary) {
        return (4L * vocabulary + 63) & -64;
    }

    /// [#forward(long, long, int, long, double, long, long, long, long, int)] by the pool's
    /// workers.
    ///
    /// @param type dtype of the logits: F32, or BF16 or F16, which are widened row by row
    /// @param scratch address of [#scratchBytes] bytes
    public static void forward(
            WorkerPool pool,
            DType type,
            long logits,
            long targets,
            int idBytes,
            long ignoreIndex,
            double smoothing,
            long loss,
            long lse,
            long rows,
            int vocabulary,
            long scratch) {
        var args = WorkerPool.args();
        args.l[0] = logits;
        args.l[1] = targets;
        args.l[2] = idBytes;
        args.l[3] = ignoreIndex;
        args.l[4] = loss;
        args.l[5] = lse;
        args.l[6] = vocabulary;
        args.l[7] = type.ordinal();
        args.l[8] = scratch;
        args.d[0] = smoothing;
        pool.forRange(
                rows,
                Grain.rows(vocabulary),
                args,
                (a, from, to, worker) -> {
                    DType of = TYPES[(int) a.l[7]];
                    if (of == DType.F32) {
                        forward(a, a.l[0], from, to);
                        return;
                    }
                    int width = (int) a.l[6];
                    long row = a.l[8] + worker * rowBytes(width);
                    for (long r = from; r < to; r++) {
                        Convert.widen(of, a.l[0] + 2 * r * width, row, width);
                        forward(a, row - 4 * r * width, r, r + 1);
                    }
                });
    }

    private static void forward(Args a, long logits, long from, long to) {
        forward(
                logits,
                a.l[1],
                (int) a.l[2],
                a.l[3],
                a.d[0],
                a.l[4],
                a.l[5],
                from,
                to,
                (int) a.l[6]);
    }

    /// Gradient of the rows' losses for the logits, of the rows from `from` to `to - 1`: dLogits =
    /// (softmax(x) - (1 - e) onehot(t) - e / V) g, where g is the row's incoming gradient.
    ///
    /// `g` holds floats `gStride` apart: 1 for one per row, 0 for one for all. The output may be
    /// the logits themselves.
    ///
    /// @throws IndexOutOfBoundsException if a target is neither `ignoreIndex` nor a column; names
    ///   the row
    public static void backward(
            long logits,
            long targets,
            int idBytes,
            long ignoreIndex,
            double smoothing,
            long lse,
            long g,
            int gStride,
            long dLogits,
            long from,
            long to,
            int vocabulary) {
        float everywhere = (float) (smoothing / vocabulary);
        float atTarget = (float) (1 - smoothing);
        for (long r = from; r < to; r++) {
            long target = Ids.at(targets, idBytes, r);
            long row = dLogits + 4 * r * vocabulary;
            if (target == ignoreIndex) {
                Fill.fill(row, 0f, vocabulary);
                continue;
            }
            check(target, r, vocabulary);
            float gradient = Lanes.ALL.get(Lanes.FLOAT, g + 4 * r * gStride);
            float rowLse = Lanes.ALL.get(Lanes.FLOAT, lse + 4 * r);
            long x = logits + 4 * r * vocabulary;
            gradientRow(x, rowLse, everywhere, gradient, row, vocabulary);
            long address = row + 4 * target;
            float smoothed = Lanes.ALL.get(Lanes.FLOAT, address);
            Lanes.ALL.set(Lanes.FLOAT, address, smoothed - atTarget * gradient);
        }
    }

    /// [#backward(long, long, int, long, double, long, long, int, long, long, long, int)] by the
    /// pool's workers.
    ///
    /// @param type dtype of the logits and of their gradient: F32, or BF16 or F16, which are widened
    ///   row by row
    /// @param scratch address of [#scratchBytes] bytes
    public static void backward(
            WorkerPool pool,
            DType type,
            long logits,
            long targets,
            int idBytes,
            long ignoreIndex,
            double smoothing,
            long lse,
            long g,
            int gStride,
            long dLogits,
            long rows,
            int vocabulary,
            long scratch) {
        var args = WorkerPool.args();
        args.l[0] = logits;
        args.l[1] = targets;
        args.l[2] = idBytes;
        args.l[3] = ignoreIndex;
        args.l[4] = lse;
        args.l[5] = g;
        args.l[6] = gStride;
        args.l[7] = dLogits;
        args.l[8] = vocabulary;
        args.l[9] = type.ordinal();
        args.l[10] = scratch;
        args.d[0] = smoothing;
        pool.forRange(
                rows,
                Grain.rows(vocabulary),
                args,
                (a, from, to, worker) -> {
                    DType of = TYPES[(int) a.l[9]];
                    if (of == DType.F32) {
                        backward(a, a.l[0], a.l[7], from, to);
                        return;
                    }
                    int width = (int) a.l[8];
                    long row = a.l[10] + worker * rowBytes(width);
                    for (long r = from; r < to; r++) {
                        long skip = r * width;
                        Convert.widen(of, a.l[0] + 2 * skip, row, width);
                        backward(a, row - 4 * skip, row - 4 * skip, r, r + 1);
                        Convert.narrow(of, row, a.l[7] + 2 * skip, width);
                    }
                });
    }

    private static void backward(Args a, long logits, long dLogits, long from, long to) {
        backward(
                logits,
                a.l[1],
                (int) a.l[2],
                a.l[3],
                a.d[0],
                a.l[4],
                a.l[5],
                (int) a.l[6],
                dLogits,
                from,
                to,
                (int) a.l[8]);
    }

    private static void gradientRow(long x, float lse, float smoothing, float g, long dx, int n) {
        int main = n & -Lanes.N;
        int tail = n - main;
        long scratch = Scratch.address();
        long zeros = Scratch.slot(scratch, 1);
        Scratch.fill(zeros, 0f);
        ExpLoops.scaledExponentials(x, lse, smoothing, g, zeros, 0, dx, 4L * main);
        if (tail != 0) {
            long slot = Scratch.slot(scratch, 0);
            Scratch.load(slot, x + 4L * main, tail, 0f);
            ExpLoops.scaledExponentials(slot, lse, smoothing, g, zeros, 0, slot, 4 * Lanes.N);
            Scratch.store(slot, dx + 4L * main, tail);
        }
    }

    private static void check(long target, long row, int vocabulary) {
        if (target < 0 || target >= vocabulary) {
            throw new IndexOutOfBoundsException(
                    "cross-entropy target "
                            + target
                            + " at row "
                            + row
                            + " is outside the vocabulary of "
                            + vocabulary);
        }
    }
}
