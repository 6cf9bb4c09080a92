package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;

/// Arithmetic of 32-bit integers, which wraps around: a full array with another, or with one
/// number.
public final class IntBinary {
    /// What is computed.
    public enum Kind {
        /// a + b.
        ADD,
        /// a - b.
        SUB,
        /// a b.
        MUL,
        /// a / b, towards zero; an error where b is 0.
        DIV,
        /// The larger.
        MAX,
        /// The smaller.
        MIN
    }

    private static final Kind[] KINDS = Kind.values();

    private IntBinary() {}

    /// y[i] = f(a[i], b[i]) for n integers, or f(a[i], b[0]) if b is one number.
    public static void apply(
            WorkerPool pool, Kind kind, long a, long b, boolean one, long y, long n) {
        var args = WorkerPool.args();
        args.l[0] = kind.ordinal();
        args.l[1] = a;
        args.l[2] = b;
        args.l[3] = one ? 0 : 4;
        args.l[4] = y;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (c, from, to, worker) -> {
                    Kind of = KINDS[(int) c.l[0]];
                    long step = c.l[3];
                    for (long i = from; i < to; i++) {
                        int p = ALL.get(Lanes.INT, c.l[1] + 4 * i);
                        int q = ALL.get(Lanes.INT, c.l[2] + step * i);
                        ALL.set(Lanes.INT, c.l[4] + 4 * i, of(of, p, q));
                    }
                });
    }

    private static int of(Kind kind, int p, int q) {
        return switch (kind) {
            case ADD -> p + q;
            case SUB -> p - q;
            case MUL -> p * q;
            case DIV -> divide(p, q);
            case MAX -> Math.max(p, q);
            case MIN -> Math.min(p, q);
        };
    }

    private static int divide(int p, int q) {
        if (q == 0) {
            throw new ArithmeticException("div: whole number " + p + " divided by zero");
        }
        return p / q;
    }
}
