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
    private static final Function[] FUNCTIONS = Function.values();

    // Where a call's parameters are: addresses of operands and results, then what is its own.
    private static final int FUNCTION = 0;
    private static final int TYPE = 1;
    private static final int OPERANDS = 2;
    private static final int RESULTS = 5;
    private static final int FIRST = 7;
    private static final int SECOND = 8;

    /// What is computed, of how many operands; results replace the last of these.
    private enum Function {
        UNARY(1, 1),
        AFFINE(1, 1),
        BINARY(2, 1),
        SWIGLU_GRADIENT(3, 2),
        DROPOUT(1, 1);

        private final int operands;
        private final int results;

        Function(int operands, int results) {
            this.operands = operands;
            this.results = results;
        }
    }

    private Narrow() {}

    /// y[i] = f(x[i]), both of one type.
    public static void unary(WorkerPool pool, UnaryOp op, DType type, long x, long y, long n) {
        Args args = args(Function.UNARY, type);
        args.l[OPERANDS] = x;
        args.l[RESULTS] = y;
        args.l[FIRST] = op.ordinal();
        run(pool, args, n);
    }

    /// y[i] = k x[i] + b, both of one type.
    public static void affine(
            WorkerPool pool, DType type, long x, long y, float k, float b, long n) {
        Args args = args(Function.AFFINE, type);
        args.l[OPERANDS] = x;
        args.l[RESULTS] = y;
        args.d[0] = k;
        args.d[1] = b;
        run(pool, args, n);
    }

    /// y[i] = f(a[i], b[i]), all of one type.
    public static void binary(
            WorkerPool pool, BinaryOp op, DType type, long a, long b, long y, long n) {
        Args args = args(Function.BINARY, type);
        args.l[OPERANDS] = a;
        args.l[OPERANDS + 1] = b;
        args.l[RESULTS] = y;
        args.l[FIRST] = op.ordinal();
        run(pool, args, n);
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
        Args args = args(Function.SWIGLU_GRADIENT, type);
        args.l[OPERANDS] = dy;
        args.l[OPERANDS + 1] = gate;
        args.l[OPERANDS + 2] = up;
        args.l[RESULTS] = dGate;
        args.l[RESULTS + 1] = dUp;
        run(pool, args, n);
    }

    /// Dropout of x, as [Dropout#apply].
    public static void dropout(
            WorkerPool pool, DType type, long x, long y, long n, float p, long seed, long offset) {
        Args args = args(Function.DROPOUT, type);
        args.l[OPERANDS] = x;
        args.l[RESULTS] = y;
        args.l[FIRST] = seed;
        args.l[SECOND] = offset;
        args.d[0] = p;
        run(pool, args, n);
    }

    private static Args args(Function function, DType type) {
        Args args = WorkerPool.args();
        args.l[FUNCTION] = function.ordinal();
        args.l[TYPE] = type.ordinal();
        return args;
    }

    private static void run(WorkerPool pool, Args args, long n) {
        pool.forRange(n, Grain.ELEMENTS, args, (a, from, to, worker) -> pieces(a, from, to));
    }

    private static void pieces(Args a, long from, long to) {
        Function function = FUNCTIONS[(int) a.l[FUNCTION]];
        DType type = TYPES[(int) a.l[TYPE]];
        long scratch = Scratch.address();
        int first = function.operands - function.results;
        for (long i = from; i < to; i += PIECE) {
            long n = Math.min(PIECE, to - i);
            for (int o = 0; o < function.operands; o++) {
                Convert.widen(type, a.l[OPERANDS + o] + 2 * i, Scratch.stage(scratch, o), n);
            }
            apply(function, a, scratch, i, n);
            for (int r = 0; r < function.results; r++) {
                long stage = Scratch.stage(scratch, first + r);
                Convert.narrow(type, stage, a.l[RESULTS + r] + 2 * i, n);
            }
        }
    }

    /// Computes `n` elements, number `i` and the following, in the stages.
    private static void apply(Function function, Args a, long scratch, long i, long n) {
        long x = Scratch.stage(scratch, 0);
        long y = Scratch.stage(scratch, 1);
        switch (function) {
            case UNARY -> Unary.apply(UNARY[(int) a.l[FIRST]], x, x, n);
            case AFFINE -> Unary.affine(x, x, (float) a.d[0], (float) a.d[1], n);
            case BINARY -> Binary.apply(BINARY[(int) a.l[FIRST]], x, y, y, n);
            case SWIGLU_GRADIENT -> {
                long up = Scratch.stage(scratch, 2);
                Binary.swigluGradient(x, y, up, y, up, n);
            }
            case DROPOUT -> {
                long zero = x - 4 * i; // where element 0 would stand
                Dropout.apply(zero, zero, i, i + n, (float) a.d[0], a.l[FIRST], a.l[SECOND]);
            }
        }
    }
}
