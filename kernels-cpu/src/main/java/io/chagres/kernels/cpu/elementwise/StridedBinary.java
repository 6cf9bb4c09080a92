package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;

/// Functions of two operands of different strides, such as one that is broadcast along inner axes:
/// rows of [Binary], as long as the strides allow. The result is row-major.
public final class StridedBinary {
    /// Largest rank.
    public static final int MAX_RANK = 8;

    private static final BinaryOp[] OPS = BinaryOp.values();
    private static final int OP = 0;
    private static final int A = 1;
    private static final int B = 2;
    private static final int OUT = 3;
    private static final int N = 4;
    private static final int KIND_A = 5;
    private static final int KIND_B = 6;
    private static final int OUTER = 7; // number of axes but the last
    private static final int SHAPE = 8;
    private static final int STRIDES_A = SHAPE + MAX_RANK - 1;
    private static final int STRIDES_B = STRIDES_A + MAX_RANK - 1;

    private StridedBinary() {}

    /// y = f(a, b) for every element of a shape of rank 1 to 8, by the pool's workers. Strides are
    /// in elements, those of broadcast axes 0.
    ///
    /// @return false, and nothing is done, where an operand's last axis has a stride above 1
    public static boolean apply(
            WorkerPool pool,
            BinaryOp op,
            long a,
            long[] stridesA,
            long b,
            long[] stridesB,
            long y,
            long[] shape) {
        Args args = WorkerPool.args();
        long[] l = args.l;
        int last = -1; // of the merged axes, which grow from the last one forwards
        for (int i = shape.length - 1; i >= 0; i--) {
            if (shape[i] == 1) {
                continue;
            }
            if (last >= 0
                    && stridesA[i] == l[SHAPE + last] * l[STRIDES_A + last]
                    && stridesB[i] == l[SHAPE + last] * l[STRIDES_B + last]) {
                l[SHAPE + last] *= shape[i];
                continue;
            }
            if (last == MAX_RANK - 2) {
                return false;
            }
            last++;
            l[SHAPE + last] = shape[i];
            l[STRIDES_A + last] = stridesA[i];
            l[STRIDES_B + last] = stridesB[i];
        }
        if (last < 0
                || l[STRIDES_A] < 0
                || l[STRIDES_A] > 1
                || l[STRIDES_B] < 0
                || l[STRIDES_B] > 1) {
            return false;
        }
        l[OP] = op.ordinal();
        l[A] = a;
        l[B] = b;
        l[OUT] = y;
        l[N] = l[SHAPE];
        l[KIND_A] = l[STRIDES_A];
        l[KIND_B] = l[STRIDES_B];
        l[OUTER] = last;
        long rows = 1;
        for (int i = 1; i <= last; i++) {
            rows *= l[SHAPE + i];
        }
        pool.forRange(rows, Grain.rows(l[N]), args, StridedBinary::rows);
        return true;
    }

    /// Axes are in reverse order, the row being the first.
    private static void rows(Args args, long from, long to, int worker) {
        long[] l = args.l;
        BinaryOp op = OPS[(int) l[OP]];
        Broadcast kindA = l[KIND_A] == 0 ? Broadcast.SCALAR : Broadcast.FULL;
        Broadcast kindB = l[KIND_B] == 0 ? Broadcast.SCALAR : Broadcast.FULL;
        long n = l[N];
        for (long r = from; r < to; r++) {
            long a = l[A];
            long b = l[B];
            long left = r;
            for (int i = 1; i <= l[OUTER]; i++) {
                long at = left % l[SHAPE + i];
                left /= l[SHAPE + i];
                a += 4 * at * l[STRIDES_A + i];
                b += 4 * at * l[STRIDES_B + i];
            }
            Binary.apply(op, a, kindA, b, kindB, l[OUT] + 4 * r * n, 1, n);
        }
    }
}
