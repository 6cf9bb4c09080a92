package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;

/// Functions of two operands: y = f(a, b), where each operand is a full array, a row, a column or a
/// scalar ([Broadcast]). The output may be a full operand itself.
public final class Binary {
    private static final BinaryOp[] OPS = BinaryOp.values();
    private static final Broadcast[] KINDS = Broadcast.values();

    private Binary() {}

    /// y[i] = f(a[i], b[i]) for n floats.
    public static void apply(BinaryOp op, long a, long b, long y, long n) {
        row(op, a, true, b, true, y, n);
    }

    /// y[i] = f(a[i], b) for n floats and a number b.
    public static void applyScalar(BinaryOp op, long a, float b, long y, long n) {
        long slot = Scratch.slot(Scratch.address(), 3);
        Scratch.fill(slot, b);
        row(op, a, true, slot, false, y, n);
    }

    /// y = f(a, b) for `rows` rows of `n` floats.
    public static void apply(
            BinaryOp op,
            long a,
            Broadcast aKind,
            long b,
            Broadcast bKind,
            long y,
            long rows,
            long n) {
        for (long r = 0; r < rows; r++) {
            row(
                    op,
                    operand(a + r * aKind.rowBytes(n), aKind, 2),
                    aKind.alongColumns(),
                    operand(b + r * bKind.rowBytes(n), bKind, 3),
                    bKind.alongColumns(),
                    y + 4 * r * n,
                    n);
        }
    }

    /// [#apply(BinaryOp, long, long, long, long)] by the pool's workers.
    public static void apply(WorkerPool pool, BinaryOp op, long a, long b, long y, long n) {
        apply(pool, op, a, Broadcast.FULL, b, Broadcast.FULL, y, 1, n);
    }

    /// [#applyScalar(BinaryOp, long, float, long, long)] by the pool's workers.
    public static void applyScalar(WorkerPool pool, BinaryOp op, long a, float b, long y, long n) {
        var args = WorkerPool.args();
        args.l[0] = op.ordinal();
        args.l[1] = a;
        args.l[2] = y;
        args.d[0] = b;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (c, from, to, worker) ->
                        applyScalar(
                                OPS[(int) c.l[0]],
                                c.l[1] + 4 * from,
                                (float) c.d[0],
                                c.l[2] + 4 * from,
                                to - from));
    }

    /// [#apply(BinaryOp, long, Broadcast, long, Broadcast, long, long, long)] by the pool's
    /// workers.
    public static void apply(
            WorkerPool pool,
            BinaryOp op,
            long a,
            Broadcast aKind,
            long b,
            Broadcast bKind,
            long y,
            long rows,
            long n) {
        boolean flat = aKind.isFlat(rows) && bKind.isFlat(rows);
        var args = WorkerPool.args();
        args.l[0] = op.ordinal();
        args.l[1] = a;
        args.l[2] = (flat ? aKind.flat() : aKind).ordinal();
        args.l[3] = b;
        args.l[4] = (flat ? bKind.flat() : bKind).ordinal();
        args.l[5] = y;
        // Flat work is a column of rows of one element, as far as the cutting goes.
        args.l[6] = flat ? 1 : n;
        args.l[7] = flat ? 1 : 0;
        pool.forRange(
                flat ? rows * n : rows,
                flat ? Grain.ELEMENTS : Grain.rows(n),
                args,
                (c, from, to, worker) -> {
                    Broadcast left = KINDS[(int) c.l[2]];
                    Broadcast right = KINDS[(int) c.l[4]];
                    long width = c.l[6];
                    apply(
                            OPS[(int) c.l[0]],
                            c.l[1] + from * left.rowBytes(width),
                            left,
                            c.l[3] + from * right.rowBytes(width),
                            right,
                            c.l[5] + 4 * from * width,
                            c.l[7] == 1 ? 1 : to - from,
                            c.l[7] == 1 ? to - from : width);
                });
    }

    /// Gradients of y = silu(gate) up, given dy: dGate and dUp, n floats each; outputs may be
    /// inputs.
    public static void swigluGradient(long dy, long gate, long up, long dGate, long dUp, long n) {
        long scratch = Scratch.address();
        long d = Scratch.slot(scratch, 0);
        long g = Scratch.slot(scratch, 1);
        long u = Scratch.slot(scratch, 2);
        // Whole vectors in pieces, then the padded tail, by one call in the code, as in Unary.
        for (long i = 0; i < n; ) {
            int tail = (int) Math.min(Lanes.N, n - i);
            boolean padded = tail < Lanes.N;
            long count = padded ? Lanes.N : Math.min(Grain.PIECE, (n - i) & -Lanes.N);
            if (padded) {
                Scratch.load(d, dy + 4 * i, tail, 0f);
                Scratch.load(g, gate + 4 * i, tail, 0f);
                Scratch.load(u, up + 4 * i, tail, 0f);
            }
            ActivationLoops.swigluGradient(
                    padded ? d : dy + 4 * i,
                    padded ? g : gate + 4 * i,
                    padded ? u : up + 4 * i,
                    padded ? g : dGate + 4 * i,
                    padded ? u : dUp + 4 * i,
                    4 * count);
            if (padded) {
                Scratch.store(g, dGate + 4 * i, tail);
                Scratch.store(u, dUp + 4 * i, tail);
            }
            i += count;
        }
    }

    /// [#swigluGradient(long, long, long, long, long, long)] by the pool's workers.
    public static void swigluGradient(
            WorkerPool pool, long dy, long gate, long up, long dGate, long dUp, long n) {
        var args = WorkerPool.args();
        args.l[0] = dy;
        args.l[1] = gate;
        args.l[2] = up;
        args.l[3] = dGate;
        args.l[4] = dUp;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (a, from, to, worker) ->
                        swigluGradient(
                                a.l[0] + 4 * from,
                                a.l[1] + 4 * from,
                                a.l[2] + 4 * from,
                                a.l[3] + 4 * from,
                                a.l[4] + 4 * from,
                                to - from));
    }

    /// The address to read an operand's row from: for one number, a slot full of it.
    private static long operand(long row, Broadcast kind, int slotIndex) {
        if (kind.alongColumns()) {
            return row;
        }
        long slot = Scratch.slot(Scratch.address(), slotIndex);
        Scratch.fill(slot, Lanes.ALL.get(Lanes.FLOAT, row));
        return slot;
    }

    private static void row(
            BinaryOp op, long a, boolean aMoves, long b, boolean bMoves, long y, long n) {
        long scratch = Scratch.address();
        long left = aMoves ? Scratch.slot(scratch, 0) : a;
        long right = bMoves ? Scratch.slot(scratch, 1) : b;
        long out = Scratch.slot(scratch, 4);
        long aMask = aMoves ? -1 : 0;
        long bMask = bMoves ? -1 : 0;
        // Whole vectors in pieces, then the padded tail, by one call in the code, as in Unary.
        for (long i = 0; i < n; ) {
            int tail = (int) Math.min(Lanes.N, n - i);
            boolean padded = tail < Lanes.N;
            long count = padded ? Lanes.N : Math.min(Grain.PIECE, (n - i) & -Lanes.N);
            long ai = a + (4 * i & aMask);
            long bi = b + (4 * i & bMask);
            if (padded && aMoves) {
                Scratch.load(left, ai, tail, 0f);
            }
            if (padded && bMoves) {
                Scratch.load(right, bi, tail, 0f);
            }
            op.loop.run(
                    padded ? left : ai,
                    aMask,
                    padded ? right : bi,
                    bMask,
                    padded ? out : y + 4 * i,
                    4 * count);
            if (padded) {
                Scratch.store(out, y + 4 * i, tail);
            }
            i += count;
        }
    }
}
