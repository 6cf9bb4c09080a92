package io.chagres.kernels.cpu.vector;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;

/// Reductions of one contiguous row of floats to a number, over 64 virtual lanes ([Reduce]): the
/// same bits at any vector width. They use slots 0 to 2 of the thread's [Scratch].
public final class RowReduce {
    private static final long BLOCK = 256;
    private static final int STEP = 4 * Lanes.N;

    private RowReduce() {}

    /// Sum of n floats; 0 for none.
    public static float sum(long x, long n) {
        long scratch = Scratch.address();
        long lanes = Scratch.slot(scratch, 0);
        long main = 4 * (n & -64L);
        int tail = (int) (n & 63);
        Scratch.fill(lanes, 0f);
        addSum(x, main, lanes);
        if (tail != 0) {
            long slot = Scratch.slot(scratch, 1);
            Scratch.load(slot, x + main, tail, 0f);
            addSum(slot, BLOCK, lanes);
        }
        return Reduce.sum(lanes);
    }

    /// Largest of n floats, NaN if there is one; negative infinity for none.
    public static float max(long x, long n) {
        long scratch = Scratch.address();
        long lanes = Scratch.slot(scratch, 0);
        long main = 4 * (n & -64L);
        int tail = (int) (n & 63);
        Scratch.fill(lanes, Float.NEGATIVE_INFINITY);
        takeMax(x, main, lanes);
        if (tail != 0) {
            long slot = Scratch.slot(scratch, 1);
            Scratch.load(slot, x + main, tail, Float.NEGATIVE_INFINITY);
            takeMax(slot, BLOCK, lanes);
        }
        return Reduce.max(lanes);
    }

    /// Sum of (x - center)^2 over n floats.
    public static float sumSquares(long x, float center, long n) {
        long scratch = Scratch.address();
        long lanes = Scratch.slot(scratch, 0);
        long main = 4 * (n & -64L);
        int tail = (int) (n & 63);
        Scratch.fill(lanes, 0f);
        addSquares(x, center, main, lanes);
        if (tail != 0) {
            long slot = Scratch.slot(scratch, 1);
            Scratch.load(slot, x + main, tail, center);
            addSquares(slot, center, BLOCK, lanes);
        }
        return Reduce.sum(lanes);
    }

    /// Sum of x y over n floats.
    public static float dot(long x, long y, long n) {
        long scratch = Scratch.address();
        long lanes = Scratch.slot(scratch, 0);
        long main = 4 * (n & -64L);
        int tail = (int) (n & 63);
        Scratch.fill(lanes, 0f);
        addProducts(x, y, main, lanes);
        if (tail != 0) {
            long a = Scratch.slot(scratch, 1);
            long b = Scratch.slot(scratch, 2);
            Scratch.load(a, x + main, tail, 0f);
            Scratch.load(b, y + main, tail, 0f);
            addProducts(a, b, BLOCK, lanes);
        }
        return Reduce.sum(lanes);
    }

    // Each loop takes the stripe of lanes that fits one vector out of every 16 lanes, so four
    // accumulators do at any width; `bytes` is a multiple of 256.

    private static void addSum(long x, long bytes, long lanes) {
        for (int s = 0; s < 64; s += STEP) {
            long to = lanes + s;
            FloatVector a = FloatVector.fromMemorySegment(F32, ALL, to, LE);
            FloatVector b = FloatVector.fromMemorySegment(F32, ALL, to + 64, LE);
            FloatVector c = FloatVector.fromMemorySegment(F32, ALL, to + 128, LE);
            FloatVector d = FloatVector.fromMemorySegment(F32, ALL, to + 192, LE);
            for (long i = 0; i < bytes; i += BLOCK) {
                long p = x + s + i;
                a = a.add(FloatVector.fromMemorySegment(F32, ALL, p, LE));
                b = b.add(FloatVector.fromMemorySegment(F32, ALL, p + 64, LE));
                c = c.add(FloatVector.fromMemorySegment(F32, ALL, p + 128, LE));
                d = d.add(FloatVector.fromMemorySegment(F32, ALL, p + 192, LE));
            }
            storeFour(a, b, c, d, to);
        }
    }

    private static void takeMax(long x, long bytes, long lanes) {
        for (int s = 0; s < 64; s += STEP) {
            long to = lanes + s;
            FloatVector a = FloatVector.fromMemorySegment(F32, ALL, to, LE);
            FloatVector b = FloatVector.fromMemorySegment(F32, ALL, to + 64, LE);
            FloatVector c = FloatVector.fromMemorySegment(F32, ALL, to + 128, LE);
            FloatVector d = FloatVector.fromMemorySegment(F32, ALL, to + 192, LE);
            for (long i = 0; i < bytes; i += BLOCK) {
                long p = x + s + i;
                a = a.max(FloatVector.fromMemorySegment(F32, ALL, p, LE));
                b = b.max(FloatVector.fromMemorySegment(F32, ALL, p + 64, LE));
                c = c.max(FloatVector.fromMemorySegment(F32, ALL, p + 128, LE));
                d = d.max(FloatVector.fromMemorySegment(F32, ALL, p + 192, LE));
            }
            storeFour(a, b, c, d, to);
        }
    }

    private static void addSquares(long x, float center, long bytes, long lanes) {
        FloatVector middle = FloatVector.broadcast(F32, center);
        for (int s = 0; s < 64; s += STEP) {
            long to = lanes + s;
            FloatVector a = FloatVector.fromMemorySegment(F32, ALL, to, LE);
            FloatVector b = FloatVector.fromMemorySegment(F32, ALL, to + 64, LE);
            FloatVector c = FloatVector.fromMemorySegment(F32, ALL, to + 128, LE);
            FloatVector d = FloatVector.fromMemorySegment(F32, ALL, to + 192, LE);
            for (long i = 0; i < bytes; i += BLOCK) {
                long p = x + s + i;
                FloatVector u = FloatVector.fromMemorySegment(F32, ALL, p, LE).sub(middle);
                FloatVector v = FloatVector.fromMemorySegment(F32, ALL, p + 64, LE).sub(middle);
                a = u.fma(u, a);
                b = v.fma(v, b);
                u = FloatVector.fromMemorySegment(F32, ALL, p + 128, LE).sub(middle);
                v = FloatVector.fromMemorySegment(F32, ALL, p + 192, LE).sub(middle);
                c = u.fma(u, c);
                d = v.fma(v, d);
            }
            storeFour(a, b, c, d, to);
        }
    }

    private static void addProducts(long x, long y, long bytes, long lanes) {
        for (int s = 0; s < 64; s += STEP) {
            long to = lanes + s;
            FloatVector a = FloatVector.fromMemorySegment(F32, ALL, to, LE);
            FloatVector b = FloatVector.fromMemorySegment(F32, ALL, to + 64, LE);
            FloatVector c = FloatVector.fromMemorySegment(F32, ALL, to + 128, LE);
            FloatVector d = FloatVector.fromMemorySegment(F32, ALL, to + 192, LE);
            for (long i = 0; i < bytes; i += BLOCK) {
                long p = x + s + i;
                long q = y + s + i;
                a =
                        FloatVector.fromMemorySegment(F32, ALL, p, LE)
                                .fma(FloatVector.fromMemorySegment(F32, ALL, q, LE), a);
                b =
                        FloatVector.fromMemorySegment(F32, ALL, p + 64, LE)
                                .fma(FloatVector.fromMemorySegment(F32, ALL, q + 64, LE), b);
                c =
                        FloatVector.fromMemorySegment(F32, ALL, p + 128, LE)
                                .fma(FloatVector.fromMemorySegment(F32, ALL, q + 128, LE), c);
                d =
                        FloatVector.fromMemorySegment(F32, ALL, p + 192, LE)
                                .fma(FloatVector.fromMemorySegment(F32, ALL, q + 192, LE), d);
            }
            storeFour(a, b, c, d, to);
        }
    }

    private static void storeFour(
            FloatVector a, FloatVector b, FloatVector c, FloatVector d, long to) {
        a.intoMemorySegment(ALL, to, LE);
        b.intoMemorySegment(ALL, to + 64, LE);
        c.intoMemorySegment(ALL, to + 128, LE);
        d.intoMemorySegment(ALL, to + 192, LE);
    }
}
