package io.chagres.kernels.cpu.optim;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.elementwise.Grain;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Scratch;
import jdk.incubator.vector.FloatVector;

/// One AdamW step (Loshchilov and Hutter 2019, arXiv:1711.05101), as PyTorch defines it, in one
/// pass over parameter p, gradient g and the moments m and v:
///
/// g' = gradientScale g, p = p (1 - lr weightDecay), m = beta1 m + (1 - beta1) g', v = beta2 v + (1
/// - beta2) g'^2, p = p - lr / (1 - beta1^step) m / (sqrt(v) / sqrt(1 - beta2^step) + eps).
///
/// `gradientScale` is the factor of global-norm clipping, or 1; the gradient itself is not changed.
public final class AdamW {
    private static final int STEP = 4 * Lanes.N;

    private AdamW() {}

    /// Updates n floats at `p`, `m` and `v` in place. Steps count from 1.
    public static void step(
            long p,
            long g,
            long m,
            long v,
            long n,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            long step,
            double gradientScale) {
        range(
                p,
                g,
                m,
                v,
                n,
                beta1,
                beta2,
                1 - lr * weightDecay,
                rate(lr, beta1, step),
                correction(beta2, step),
                eps,
                gradientScale);
    }

    /// [#step(long, long, long, long, long, double, double, double, double, double, long, double)]
    /// by the pool's workers.
    public static void step(
            WorkerPool pool,
            long p,
            long g,
            long m,
            long v,
            long n,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            long step,
            double gradientScale) {
        var args = WorkerPool.args();
        args.l[0] = p;
        args.l[1] = g;
        args.l[2] = m;
        args.l[3] = v;
        args.d[0] = beta1;
        args.d[1] = beta2;
        args.d[2] = 1 - lr * weightDecay;
        args.d[3] = rate(lr, beta1, step);
        args.d[4] = correction(beta2, step);
        args.d[5] = eps;
        args.d[6] = gradientScale;
        pool.forRange(
                n,
                Grain.ELEMENTS,
                args,
                (a, from, to, worker) ->
                        range(
                                a.l[0] + 4 * from,
                                a.l[1] + 4 * from,
                                a.l[2] + 4 * from,
                                a.l[3] + 4 * from,
                                to - from,
                                a.d[0],
                                a.d[1],
                                a.d[2],
                                a.d[3],
                                a.d[4],
                                a.d[5],
                                a.d[6]));
    }

    private static double rate(double lr, double beta1, long step) {
        return -lr / (1 - StrictMath.pow(beta1, step));
    }

    private static double correction(double beta2, long step) {
        return 1 / Math.sqrt(1 - StrictMath.pow(beta2, step));
    }

    private static void range(
            long p,
            long g,
            long m,
            long v,
            long n,
            double beta1,
            double beta2,
            double decay,
            double rate,
            double correction,
            double eps,
            double scale) {
        long bytes = 4 * (n & -Lanes.N);
        int tail = (int) (n - bytes / 4);
        update(p, g, m, v, bytes, beta1, beta2, decay, rate, correction, eps, scale);
        if (tail != 0) {
            long scratch = Scratch.address();
            long ps = Scratch.slot(scratch, 0);
            long gs = Scratch.slot(scratch, 1);
            long ms = Scratch.slot(scratch, 2);
            long vs = Scratch.slot(scratch, 3);
            Scratch.load(ps, p + bytes, tail, 0f);
            Scratch.load(gs, g + bytes, tail, 0f);
            Scratch.load(ms, m + bytes, tail, 0f);
            Scratch.load(vs, v + bytes, tail, 0f);
            update(ps, gs, ms, vs, STEP, beta1, beta2, decay, rate, correction, eps, scale);
            Scratch.store(ps, p + bytes, tail);
            Scratch.store(ms, m + bytes, tail);
            Scratch.store(vs, v + bytes, tail);
        }
    }

    private static void update(
            long p,
            long g,
            long m,
            long v,
            long bytes,
            double beta1,
            double beta2,
            double decay,
            double rate,
            double correction,
            double eps,
            double scale) {
        FloatVector keepM = constant(beta1);
        FloatVector takeM = constant(1 - beta1);
        FloatVector keepV = constant(beta2);
        FloatVector takeV = constant(1 - beta2);
        FloatVector decays = constant(decay);
        FloatVector rates = constant(rate);
        FloatVector corrections = constant(correction);
        FloatVector epsilons = constant(eps);
        FloatVector scales = constant(scale);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector gradient = FloatVector.fromMemorySegment(F32, ALL, g + i, LE).mul(scales);
            FloatVector first =
                    gradient.fma(
                            takeM, FloatVector.fromMemorySegment(F32, ALL, m + i, LE).mul(keepM));
            FloatVector square = gradient.mul(gradient);
            FloatVector second =
                    square.fma(
                            takeV, FloatVector.fromMemorySegment(F32, ALL, v + i, LE).mul(keepV));
            FloatVector divisor = second.sqrt().fma(corrections, epsilons);
            FloatVector decayed = FloatVector.fromMemorySegment(F32, ALL, p + i, LE).mul(decays);
            first.intoMemorySegment(ALL, m + i, LE);
            second.intoMemorySegment(ALL, v + i, LE);
            first.div(divisor).fma(rates, decayed).intoMemorySegment(ALL, p + i, LE);
        }
    }

    private static FloatVector constant(double value) {
        return FloatVector.broadcast(F32, (float) value);
    }
}
