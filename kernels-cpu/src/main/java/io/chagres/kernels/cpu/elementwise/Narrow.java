package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Scratch;
import io.chagres.tensor.DType;

/// Element-wise functions of contiguous arrays stored in BF16 or F16, by the pool's workers. Pieces
/// that fit the first-level cache are widened, go through the F32 loops, and are rounded once on
/// their way out, so memory is read and written once, in the narrow type.
public final class Narrow {
    private static final int PIECE = Scratch.BLOCK_FLOATS;
    private static final UnaryOp[] UNARY = UnaryOp.values();
    private static final BinaryOp[] BINARY = BinaryOp.values();
    private static final DType[] TYPES = DType.values();

    private Narrow() {}

    /// y[i] = f(x[i]), both of one type.
    public static void unary(WorkerPool pool, UnaryOp op, DType type, long x, long y, long n) {
        var args = WorkerPool.args();
        args.l[0] = op.ordinal();
        args.l[1] = type.ordinal();
        args.l[2] = x;
        args.l[3] = y;
        pool.forRange(n, Grain.ELEMENTS, args, (a, from, to, worker) -> unary(a, from, to));
    }

    private static void unary(Args a, long from, long to) {
        UnaryOp op = UNARY[(int) a.l[0]];
        DType type = TYPES[(int) a.l[1]];
        long stage = Scratch.stage(Scratch.address(), 0);
        for (long i = from; i < to; i += PIECE) {
            long n = Math.min(PIECE, to - i);
            Convert.widen(type, a.l[2] + 2 * i, stage, n);
            Unary.apply(op, stage, stage, n);
            Convert.narrow(type, stage, a.l[3] + 2 * i, n);
        }
    }

    /// y[i] = k x[i] + b, both of one type.
    public static void affine(
            WorkerPool pool, DType type, long x, long y, float k, float b, long n) {
        var args = WorkerPool.args();
        args.l[1] = type.ordinal();
        args.l[2] = x;
        args.l[3] = y;
        args.d[0] = k;
        args.d[1] = b;
        pool.forRange(n, Grain.ELEMENTS, args, (a, from, to, worker) -> affine(a, from, to));
    }

    private static void affine(Args a, long from, long to) {
        DType type = TYPES[(int) a.l[1]];
        long stage = Scratch.stage(Scratch.address(), 0);
        for (long i = from; i < to; i += PIECE) {
            long n = Math.min(PIECE, to - i);
            Convert.widen(type, a.l[2] + 2 * i, stage, n);
            Unary.affine(stage, stage, (float) a.d[0], (float) a.d[1], n);
            Convert.narrow(type, stage, a.l[3] + 2 * i, n);
        }
    }

    /// y[i] = f(a[i], b[i]), all of one type.
    public static void binary(
            WorkerPool pool, BinaryOp op, DType type, long a, long b, long y, long n) {
        var args = WorkerPool.args();
        args.l[0] = op.ordinal();
        args.l[1] = type.ordinal();
        args.l[2] = a;
        args.l[3] = b;
        args.l[4] = y;
        pool.forRange(n, Grain.ELEMENTS, args, (c, from, to, worker) -> binary(c, from, to));
    }

    private static void binary(Args c, long from, long to) {
        BinaryOp op = BINARY[(int) c.l[0]];
        DType type = TYPES[(int) c.l[1]];
        long scratch = Scratch.address();
        long a = Scratch.stage(scratch, 0);
        long b = Scratch.stage(scratch, 1);
        for (long i = from; i < to; i += PIECE) {
            long n = Math.min(PIECE, to - i);
            Convert.widen(type, c.l[2] + 2 * i, a, n);
            Convert.widen(type, c.l[3] + 2 * i, b, n);
            Binary.apply(op, a, b, a, n);
            Convert.narrow(type, a, c.l[4] + 2 * i, n);
        }
    }

    /// Gradients of silu(gate) up, as [Binary#swigluGradient], all of one type.
    public static void swigluGradient(
            WorkerPool pool,
            DType type,
            long dy,
            long gate,
            long up,
            long dGate,
            long dUp,
            long n) {
        var args = WorkerPool.args();
        args.l[0] = dy;
        args.l[1] = type.ordinal();
        args.l[2] = gate;
        args.l[3] = up;
        args.l[4] = dGate;
        args.l[5] = dUp;
        pool.forRange(
                n, Grain.ELEMENTS, args, (a, from, to, worker) -> swigluGradient(a, from, to));
    }

    private static void swigluGradient(Args a, long from, long to) {
        DType type = TYPES[(int) a.l[1]];
        long scratch = Scratch.address();
        long dy = Scratch.stage(scratch, 0);
        long gate = Scratch.stage(scratch, 1);
        long up = Scratch.stage(scratch, 2);
        for (long i = from; i < to; i += PIECE) {
            long n = Math.min(PIECE, to - i);
            Convert.widen(type, a.l[0] + 2 * i, dy, n);
            Convert.widen(type, a.l[2] + 2 * i, gate, n);
            Convert.widen(type, a.l[3] + 2 * i, up, n);
            Binary.swigluGradient(dy, gate, up, gate, up, n);
            Convert.narrow(type, gate, a.l[4] + 2 * i, n);
            Convert.narrow(type, up, a.l[5] + 2 * i, n);
        }
    }

    /// Dropout of x, as [Dropout#apply].
    public static void dropout(
            WorkerPool pool, DType type, long x, long y, long n, float p, long seed, long offset) {
        var args = WorkerPool.args();
        args.l[0] = seed;
        args.l[1] = type.ordinal();
        args.l[2] = x;
        args.l[3] = y;
        args.l[4] = offset;
        args.d[0] = p;
        pool.forRange(n, Grain.ELEMENTS, args, (a, from, to, worker) -> dropout(a, from, to));
    }

    private static void dropout(Args a, long from, long to) {
        DType type = TYPES[(int) a.l[1]];
        long stage = Scratch.stage(Scratch.address(), 0);
        for (long i = from; i < to; i += PIECE) {
            long n = Math.min(PIECE, to - i);
            Convert.widen(type, a.l[2] + 2 * i, stage, n);
            long first = stage - 4 * i; // where element 0 would stand
            Dropout.apply(first, first, i, i + n, (float) a.d[0], a.l[0], a.l[4]);
            Convert.narrow(type, stage, a.l[3] + 2 * i, n);
        }
    }
}
