package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;

/// Functions of one array: y[i] = f(x[i]). The output may be the input itself.
public final class Unary {
    private static final UnaryOp[] OPS = UnaryOp.values();

    private Unary() {}

    /// Applies `op` to n floats at `x` and stores the results at `y`.
    public static void apply(UnaryOp op, long x, long y, long n) {
        long slot = Scratch.slot(Scratch.address(), 0);
        // Whole vectors in pieces, then the padded tail. There is one call in the code, so that C2
        // inlines a loop once.
        for (long i = 0; i < n; ) {
            int tail = (int) Math.min(Lanes.N, n - i);
            boolean padded = tail < Lanes.N;
            long count = padded ? Lanes.N : Math.min(Grain.PIECE, (n - i) & -Lanes.N);
            if (padded) {
                Scratch.load(slot, x + 4 * i, tail, 0f);
            }
            op.loop.run(padded ? slot : x + 4 * i, padded ? slot : y + 4 * i, 4 * count);
            if (padded) {
                Scratch.store(slot, y + 4 * i, tail);
            }
            i += count;
        }
    }

    /// [#apply] by the pool's workers.
    public static void apply(WorkerPool pool, UnaryOp op, long x, long y, long n) {
        var args = WorkerPool.args();
        args.l[0] = op.ordinal();
        args.l[1] = x;
        args.l[2] = y;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (a, from, to, worker) ->
                        apply(OPS[(int) a.l[0]], a.l[1] + 4 * from, a.l[2] + 4 * from, to - from));
    }

    /// y[i] = k x[i] + b, rounded once.
    public static void affine(long x, long y, float k, float b, long n) {
        long main = n & -Lanes.N;
        UnaryLoops.affine(x, y, k, b, 4 * main);
        for (long i = 4 * main; i < 4 * n; i += 4) {
            float v = Math.fma(Lanes.ALL.get(Lanes.FLOAT, x + i), k, b);
            Lanes.ALL.set(Lanes.FLOAT, y + i, v);
        }
    }

    /// [#affine] by the pool's workers.
    public static void affine(WorkerPool pool, long x, long y, float k, float b, long n) {
        var args = WorkerPool.args();
        args.l[0] = x;
        args.l[1] = y;
        args.d[0] = k;
        args.d[1] = b;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (a, from, to, worker) ->
                        affine(
                                a.l[0] + 4 * from,
                                a.l[1] + 4 * from,
                                (float) a.d[0],
                                (float) a.d[1],
                                to - from));
    }
}
