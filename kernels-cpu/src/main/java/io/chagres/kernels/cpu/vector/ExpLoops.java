package io.chagres.kernels.cpu.vector;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// The two loops of exponentials that softmax, log softmax and cross-entropy are made of.
///
/// They spell out [VectorMath#expFlushed] instead of calling it. C2 inlines these loops together
/// with the others of a row, and past its node budget it leaves calls of our own methods, which
/// then pass vectors through the heap; the Vector API's own methods it inlines always.
public final class ExpLoops {
    private static final int STEP = 4 * Lanes.N;

    private ExpLoops() {}

    /// y = e^(x - max), added to 64 lanes as well. `bytes` is a multiple of 256.
    ///
    /// A mask of -1 lets y move along with x; 255 makes it a slot that is written over and over,
    /// for who wants the sum only. The lanes stay in memory: each is touched once in 64 floats, so
    /// its store is long done when the next load wants it, and nothing spills.
    public static void exponentials(long x, float max, long y, long yMask, long bytes, long lanes) {
        FloatVector m = FloatVector.broadcast(F32, max);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + i, LE).sub(m);
            FloatVector t = v.fma(VectorMath.LOG2E, VectorMath.ROUND);
            FloatVector n = t.sub(VectorMath.ROUND);
            FloatVector r = n.fma(VectorMath.MINUS_LN2_HI, v);
            r = n.fma(VectorMath.MINUS_LN2_LO, r);
            FloatVector q = VectorMath.Q4.fma(r, VectorMath.Q3).fma(r, VectorMath.Q2);
            q = q.fma(r, VectorMath.Q1).fma(r, VectorMath.Q0);
            FloatVector e = q.fma(r.mul(r), r).add(VectorMath.ONE);
            IntVector scale = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            e = e.mul(scale.add(VectorMath.ONE_BITS).reinterpretAsFloats());
            e = e.blend(0f, v.compare(VectorOperators.LT, VectorMath.EXP_MIN_NORMAL));
            long lane = lanes + (i & 255);
            e.intoMemorySegment(ALL, y + (i & yMask), LE);
            FloatVector sum = FloatVector.fromMemorySegment(F32, ALL, lane, LE).add(e);
            sum.intoMemorySegment(ALL, lane, LE);
        }
    }

    /// y = (e^(x - max) - shift) factor + b. `bytes` is a whole number of vectors; `b` moves along
    /// with x where its mask is -1, and stays at its first vector where that is 0.
    public static void scaledExponentials(
            long x, float max, float shift, float factor, long b, long bMask, long y, long bytes) {
        FloatVector m = FloatVector.broadcast(F32, max);
        FloatVector s = FloatVector.broadcast(F32, shift);
        FloatVector f = FloatVector.broadcast(F32, factor);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + i, LE).sub(m);
            FloatVector t = v.fma(VectorMath.LOG2E, VectorMath.ROUND);
            FloatVector n = t.sub(VectorMath.ROUND);
            FloatVector r = n.fma(VectorMath.MINUS_LN2_HI, v);
            r = n.fma(VectorMath.MINUS_LN2_LO, r);
            FloatVector q = VectorMath.Q4.fma(r, VectorMath.Q3).fma(r, VectorMath.Q2);
            q = q.fma(r, VectorMath.Q1).fma(r, VectorMath.Q0);
            FloatVector e = q.fma(r.mul(r), r).add(VectorMath.ONE);
            IntVector scale = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            e = e.mul(scale.add(VectorMath.ONE_BITS).reinterpretAsFloats());
            e = e.blend(0f, v.compare(VectorOperators.LT, VectorMath.EXP_MIN_NORMAL));
            FloatVector add = FloatVector.fromMemorySegment(F32, ALL, b + (i & bMask), LE);
            e.sub(s).fma(f, add).intoMemorySegment(ALL, y + i, LE);
        }
    }
}
