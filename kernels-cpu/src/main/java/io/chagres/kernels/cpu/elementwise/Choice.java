package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;

import io.chagres.kernels.cpu.pool.Args;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.ValueLayout;

/// Choices between two arrays by truth values, with any strides, of which 0 broadcasts; the result
/// is row-major.
public final class Choice {
    /// Largest rank.
    public static final int MAX_RANK = 5;

    private static final int IF = 0;
    private static final int A = 1;
    private static final int B = 2;
    private static final int OUT = 3;
    private static final int N = 4;
    private static final int STEP_IF = 5;
    private static final int STEP_A = 6;
    private static final int STEP_B = 7;
    private static final int OUTER = 8; // number of axes but the last
    private static final int WIDTH = 9;
    private static final int SHAPE = 10;
    private static final int STRIDES_IF = SHAPE + MAX_RANK - 1;
    private static final int STRIDES_A = STRIDES_IF + MAX_RANK - 1;
    private static final int STRIDES_B = STRIDES_A + MAX_RANK - 1;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private Choice() {}

    /// out = condition ? a : b for every element of a shape of rank 1 to 5, by the pool's workers.
    /// Strides are in elements.
    ///
    /// @param width bytes of an element of a, b and out: 1, 2, 4 or 8
    public static void select(
            WorkerPool pool,
            int width,
            long condition,
            long[] stridesIf,
            long a,
            long[] stridesA,
            long b,
            long[] stridesB,
            long out,
            long[] shape) {
        Args args = WorkerPool.args();
        long[] l = args.l;
        int outer = shape.length - 1;
        l[IF] = condition;
        l[A] = a;
        l[B] = b;
        l[OUT] = out;
        l[N] = shape[outer];
        l[STEP_IF] = stridesIf[outer];
        l[STEP_A] = width * stridesA[outer];
        l[STEP_B] = width * stridesB[outer];
        l[OUTER] = outer;
        l[WIDTH] = width;
        long rows = 1;
        for (int i = 0; i < outer; i++) {
            l[SHAPE + i] = shape[i];
            l[STRIDES_IF + i] = stridesIf[i];
            l[STRIDES_A + i] = width * stridesA[i];
            l[STRIDES_B + i] = width * stridesB[i];
            rows *= shape[i];
        }
        pool.forRange(rows, Grain.rows(shape[outer]), args, Choice::rows);
    }

    private static void rows(Args args, long from, long to, int worker) {
        long[] l = args.l;
        int n = (int) l[N];
        int width = (int) l[WIDTH];
        for (long r = from; r < to; r++) {
            long condition = l[IF];
            long a = l[A];
            long b = l[B];
            long left = r;
            for (int i = (int) l[OUTER] - 1; i >= 0; i--) {
                long at = left % l[SHAPE + i];
                left /= l[SHAPE + i];
                condition += at * l[STRIDES_IF + i];
                a += at * l[STRIDES_A + i];
                b += at * l[STRIDES_B + i];
            }
            long out = l[OUT] + r * n * width;
            row(width, condition, l[STEP_IF], a, l[STEP_A], b, l[STEP_B], out, n);
        }
    }

    private static void row(
            int width,
            long condition,
            long stepIf,
            long a,
            long stepA,
            long b,
            long stepB,
            long out,
            int n) {
        for (int i = 0; i < n; i++) {
            boolean holds = ALL.get(ValueLayout.JAVA_BYTE, condition + i * stepIf) != 0;
            long from = holds ? a + i * stepA : b + i * stepB;
            long to = out + (long) i * width;
            switch (width) {
                case 1 -> ALL.set(ValueLayout.JAVA_BYTE, to, ALL.get(ValueLayout.JAVA_BYTE, from));
                case 2 -> ALL.set(SHORT, to, ALL.get(SHORT, from));
                case 4 -> ALL.set(Lanes.INT, to, ALL.get(Lanes.INT, from));
                default -> ALL.set(LONG, to, ALL.get(LONG, from));
            }
        }
    }
}
