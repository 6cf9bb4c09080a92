package io.chagres.kernels.cpu.attention;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;
import static io.chagres.kernels.cpu.vector.Lanes.N;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/// Vector arithmetic of [Decode], whose lanes are elements of a row.
///
/// Sums run over [#LANES] virtual lanes whatever the width of a vector, and these are then added in
/// one fixed tree, so every width gives the same bits.
final class DecodeMath {
    /// Virtual lanes of a sum: element i belongs to lane i % LANES.
    static final int LANES = 16;

    private static final long WIDTH = 4L * N;
    private static final long STEP = 4L * LANES;

    private static final VectorShuffle<Float> BY_1 = exchange(1);
    private static final VectorShuffle<Float> BY_2 = exchange(2);
    private static final VectorShuffle<Float> BY_4 = exchange(4);
    private static final VectorShuffle<Float> BY_8 = exchange(8);

    private DecodeMath() {}

    private static VectorShuffle<Float> exchange(int distance) {
        return VectorShuffle.fromOp(F32, i -> (i ^ distance) % N);
    }

    /// Dot products of q with `n` rows of `dim` floats that lie one after the other, as [#LANES]
    /// partial sums per row.
    static void dots(long q, long k, int n, int dim, long sums) {
        Pack.fill(sums, n * LANES, 0f);
        long rowBytes = 4L * dim;
        int whole = dim / LANES * LANES;
        int j = 0;
        for (; j + 4 * LANES <= whole; j += 4 * LANES) {
            for (int lane = 0; lane < LANES; lane += N) {
                long o = 4L * (j + lane);
                four(q + o, k + o, rowBytes, n, sums + 4L * lane);
            }
        }
        for (; j < whole; j += LANES) {
            for (int lane = 0; lane < LANES; lane += N) {
                long o = 4L * (j + lane);
                one(q + o, k + o, rowBytes, n, sums + 4L * lane);
            }
        }
        for (; j < dim; j++) {
            float x = ALL.get(FLOAT, q + 4L * j);
            for (int i = 0; i < n; i++) {
                long at = sums + i * STEP + 4L * (j - whole);
                float y = ALL.get(FLOAT, k + i * rowBytes + 4L * j);
                ALL.set(FLOAT, at, Math.fma(y, x, ALL.get(FLOAT, at)));
            }
        }
    }

    /// Adds what four vectors of each row contribute, [#LANES] floats apart.
    private static void four(long q, long k, long rowBytes, int n, long sums) {
        FloatVector q0 = FloatVector.fromMemorySegment(F32, ALL, q, LE);
        FloatVector q1 = FloatVector.fromMemorySegment(F32, ALL, q + STEP, LE);
        FloatVector q2 = FloatVector.fromMemorySegment(F32, ALL, q + 2 * STEP, LE);
        FloatVector q3 = FloatVector.fromMemorySegment(F32, ALL, q + 3 * STEP, LE);
        for (int i = 0; i < n; i++) {
            FloatVector a = FloatVector.fromMemorySegment(F32, ALL, sums, LE);
            a = FloatVector.fromMemorySegment(F32, ALL, k, LE).fma(q0, a);
            a = FloatVector.fromMemorySegment(F32, ALL, k + STEP, LE).fma(q1, a);
            a = FloatVector.fromMemorySegment(F32, ALL, k + 2 * STEP, LE).fma(q2, a);
            a = FloatVector.fromMemorySegment(F32, ALL, k + 3 * STEP, LE).fma(q3, a);
            a.intoMemorySegment(ALL, sums, LE);
            k += rowBytes;
            sums += STEP;
        }
    }

    /// Adds what one vector of each row contributes.
    private static void one(long q, long k, long rowBytes, int n, long sums) {
        FloatVector x = FloatVector.fromMemorySegment(F32, ALL, q, LE);
        for (int i = 0; i < n; i++) {
            FloatVector a = FloatVector.fromMemorySegment(F32, ALL, sums, LE);
            a = FloatVector.fromMemorySegment(F32, ALL, k, LE).fma(x, a);
            a.intoMemorySegment(ALL, sums, LE);
            k += rowBytes;
            sums += STEP;
        }
    }

    /// Adds the virtual lanes of `n` rows and multiplies by `factor`: lanes four and eight apart
    /// first, as ((a + b) + (c + d)) of fours, then neighbours, then neighbouring sums.
    static void reduce(long sums, int n, float factor, long dst) {
        for (int i = 0; i < n; i++) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, sums, LE);
            if (N == 16) {
                v = v.add(v.rearrange(BY_4));
                v = v.add(v.rearrange(BY_8));
            } else if (N == 8) {
                FloatVector w = FloatVector.fromMemorySegment(F32, ALL, sums + 32, LE);
                v = v.add(v.rearrange(BY_4)).add(w.add(w.rearrange(BY_4)));
            } else {
                FloatVector b = FloatVector.fromMemorySegment(F32, ALL, sums + 16, LE);
                FloatVector c = FloatVector.fromMemorySegment(F32, ALL, sums + 32, LE);
                FloatVector d = FloatVector.fromMemorySegment(F32, ALL, sums + 48, LE);
                v = v.add(b).add(c.add(d));
            }
            v = v.add(v.rearrange(BY_1));
            v = v.add(v.rearrange(BY_2));
            ALL.set(FLOAT, dst + 4L * i, v.mul(factor).lane(0));
            sums += STEP;
        }
    }

    /// The largest of `n` floats (a multiple of [#LANES]), NaN left out.
    static float max(long x, int n, long lanes) {
        FloatVector top = FloatVector.broadcast(F32, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < n; i += N) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + 4L * i, LE);
            top = top.blend(v, v.compare(VectorOperators.GT, top));
        }
        top.intoMemorySegment(ALL, lanes, LE);
        float max = Float.NEGATIVE_INFINITY;
        for (long at = lanes; at < lanes + WIDTH; at += 4) {
            max = Math.max(max, ALL.get(FLOAT, at));
        }
        return max;
    }

    /// x = 2^(x - base) for `n` floats (a multiple of [#LANES]), and their sums per virtual lane.
    static void exponentials(long x, int n, float base, long sums) {
        Pack.fill(sums, LANES, base);
        for (long at = 0; at < STEP; at += WIDTH) {
            Softmax.exponentials(x + at, STEP, n / LANES, sums + at, sums + at);
        }
    }

    /// The sum of the virtual lanes: of neighbours, then of neighbouring sums.
    static float sum(long lanes) {
        for (int n = LANES / 2; n > 0; n /= 2) {
            for (int i = 0; i < n; i++) {
                float pair = ALL.get(FLOAT, lanes + 8L * i) + ALL.get(FLOAT, lanes + 8L * i + 4);
                ALL.set(FLOAT, lanes + 4L * i, pair);
            }
        }
        return ALL.get(FLOAT, lanes);
    }

    /// acc = alpha * acc + the sum of `n` rows of `dim` floats, weighted by p.
    static void accumulate(long p, long v, int n, int dim, float alpha, long acc) {
        long rowBytes = 4L * dim;
        int i = 0;
        for (; i + 4 * N <= dim; i += 4 * N) {
            wide(p, v + 4L * i, rowBytes, n, alpha, acc + 4L * i);
        }
        for (; i + N <= dim; i += N) {
            narrow(p, v + 4L * i, rowBytes, n, alpha, acc + 4L * i);
        }
        for (; i < dim; i++) {
            float sum = 0f;
            for (int j = 0; j < n; j++) {
                float y = ALL.get(FLOAT, v + j * rowBytes + 4L * i);
                sum = Math.fma(ALL.get(FLOAT, p + 4L * j), y, sum);
            }
            ALL.set(FLOAT, acc + 4L * i, Math.fma(ALL.get(FLOAT, acc + 4L * i), alpha, sum));
        }
    }

    private static void wide(long p, long v, long rowBytes, int n, float alpha, long acc) {
        FloatVector a = FloatVector.zero(F32);
        FloatVector b = FloatVector.zero(F32);
        FloatVector c = FloatVector.zero(F32);
        FloatVector d = FloatVector.zero(F32);
        for (int j = 0; j < n; j++) {
            FloatVector w = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 4L * j));
            a = w.fma(FloatVector.fromMemorySegment(F32, ALL, v, LE), a);
            b = w.fma(FloatVector.fromMemorySegment(F32, ALL, v + WIDTH, LE), b);
            c = w.fma(FloatVector.fromMemorySegment(F32, ALL, v + 2 * WIDTH, LE), c);
            d = w.fma(FloatVector.fromMemorySegment(F32, ALL, v + 3 * WIDTH, LE), d);
            v += rowBytes;
        }
        FloatVector f = FloatVector.broadcast(F32, alpha);
        long acc1 = acc + WIDTH;
        long acc2 = acc1 + WIDTH;
        long acc3 = acc2 + WIDTH;
        a = FloatVector.fromMemorySegment(F32, ALL, acc, LE).fma(f, a);
        b = FloatVector.fromMemorySegment(F32, ALL, acc1, LE).fma(f, b);
        c = FloatVector.fromMemorySegment(F32, ALL, acc2, LE).fma(f, c);
        d = FloatVector.fromMemorySegment(F32, ALL, acc3, LE).fma(f, d);
        a.intoMemorySegment(ALL, acc, LE);
        b.intoMemorySegment(ALL, acc1, LE);
        c.intoMemorySegment(ALL, acc2, LE);
        d.intoMemorySegment(ALL, acc3, LE);
    }

    private static void narrow(long p, long v, long rowBytes, int n, float alpha, long acc) {
        FloatVector a = FloatVector.zero(F32);
        for (int j = 0; j < n; j++) {
            FloatVector w = FloatVector.broadcast(F32, ALL.get(FLOAT, p + 4L * j));
            a = w.fma(FloatVector.fromMemorySegment(F32, ALL, v, LE), a);
            v += rowBytes;
        }
        FloatVector f = FloatVector.broadcast(F32, alpha);
        a = FloatVector.fromMemorySegment(F32, ALL, acc, LE).fma(f, a);
        a.intoMemorySegment(ALL, acc, LE);
    }
}
