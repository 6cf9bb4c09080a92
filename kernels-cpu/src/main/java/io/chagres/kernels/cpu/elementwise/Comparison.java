package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.ValueLayout;

/// Comparisons of two arrays of 4-byte numbers with any strides, of which 0 broadcasts; truth
/// values are bytes, row-major. With NaN every comparison is false before it is negated.
public final class Comparison {
    /// What is asked of two numbers.
    public enum Kind {
        /// a = b.
        EQUAL,
        /// a < b.
        LESS,
        /// a ≤ b.
        AT_MOST
    }

    /// Largest rank.
    public static final int MAX_RANK = 8;

    private static final int A = 0;
    private static final int B = 1;
    private static final int OUT = 2;
    private static final int N = 3;
    private static final int STEP_A = 4;
    private static final int STEP_B = 5;
    private static final int OUTER = 6; // number of axes but the last
    private static final int FLAGS = 7;
    private static final int SHAPE = 8;
    private static final int STRIDES_A = SHAPE + MAX_RANK - 1;
    private static final int STRIDES_B = STRIDES_A + MAX_RANK - 1;

    private static final int FLOATS = 4;
    private static final int NEGATED = 8;

    private Comparison() {}

    /// out = a ? b for every element of a shape of rank 1 to 8, by the pool's workers. Strides are
    /// in elements.
    ///
    /// @param floats whether numbers are floats, not ints
    /// @param negated whether the answer is turned round
    public static void compare(
            WorkerPool pool,
            Kind kind,
            boolean floats,
            boolean negated,
            long a,
            long[] stridesA,
            long b,
            long[] stridesB,
            long out,
            long[] shape) {
        Args args = WorkerPool.args();
        long[] l = args.l;
        int outer = shape.length - 1;
        l[A] = a;
        l[B] = b;
        l[OUT] = out;
        l[N] = shape[outer];
        l[STEP_A] = 4 * stridesA[outer];
        l[STEP_B] = 4 * stridesB[outer];
        l[OUTER] = outer;
        l[FLAGS] = kind.ordinal() + (floats ? FLOATS : 0) + (negated ? NEGATED : 0);
        long rows = 1;
        for (int i = 0; i < outer; i++) {
            l[SHAPE + i] = shape[i];
            l[STRIDES_A + i] = 4 * stridesA[i];
            l[STRIDES_B + i] = 4 * stridesB[i];
            rows *= shape[i];
        }
        pool.forRange(rows, Grain.rows(shape[outer]), args, Comparison::rows);
    }

    private static void rows(Args args, long from, long to, int worker) {
        long[] l = args.l;
        int flags = (int) l[FLAGS];
        int n = (int) l[N];
        byte yes = (byte) ((flags & NEGATED) == 0 ? 1 : 0);
        for (long r = from; r < to; r++) {
            long a = l[A];
            long b = l[B];
            long left = r;
            for (int i = (int) l[OUTER] - 1; i >= 0; i--) {
                long at = left % l[SHAPE + i];
                left /= l[SHAPE + i];
                a += at * l[STRIDES_A + i];
                b += at * l[STRIDES_B + i];
            }
            row(flags & 7, a, l[STEP_A], b, l[STEP_B], l[OUT] + r * n, n, yes);
        }
    }

    private static void row(
            int what, long a, long stepA, long b, long stepB, long out, int n, byte yes) {
        switch (what) {
            case 0 -> {
                for (int i = 0; i < n; i++) {
                    set(out + i, integer(a + i * stepA) == integer(b + i * stepB), yes);
                }
            }
            case 1 -> {
                for (int i = 0; i < n; i++) {
                    set(out + i, integer(a + i * stepA) < integer(b + i * stepB), yes);
                }
            }
            case 2 -> {
                for (int i = 0; i < n; i++) {
                    set(out + i, integer(a + i * stepA) <= integer(b + i * stepB), yes);
                }
            }
            case FLOATS -> {
                for (int i = 0; i < n; i++) {
                    set(out + i, real(a + i * stepA) == real(b + i * stepB), yes);
                }
            }
            case FLOATS + 1 -> {
                for (int i = 0; i < n; i++) {
                    set(out + i, real(a + i * stepA) < real(b + i * stepB), yes);
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    set(out + i, real(a + i * stepA) <= real(b + i * stepB), yes);
                }
            }
        }
    }

    private static int integer(long p) {
        return Lanes.ALL.get(Lanes.INT, p);
    }

    private static float real(long p) {
        return Lanes.ALL.get(Lanes.FLOAT, p);
    }

    private static void set(long p, boolean holds, byte yes) {
        Lanes.ALL.set(ValueLayout.JAVA_BYTE, p, (byte) (holds ? yes : 1 - yes));
    }
}
