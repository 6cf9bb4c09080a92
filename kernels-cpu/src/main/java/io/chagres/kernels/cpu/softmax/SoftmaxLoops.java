package io.chagres.kernels.cpu.softmax;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.FloatVector;

/// The loops of softmax that need no exponential; for the others see [ExpLoops]. `bytes` is a whole
/// number of vectors.
final class SoftmaxLoops {
    private static final int STEP = 4 * Lanes.N;

    private SoftmaxLoops() {}

    /// x = k x in place.
    static void scale(long x, float k, long bytes) {
        FloatVector factor = FloatVector.broadcast(F32, k);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, x + i, LE)
                    .mul(factor)
                    .intoMemorySegment(ALL, x + i, LE);
        }
    }

    /// y = (x - max) - logSum.
    static void logSoftmax(long x, float max, float logSum, long y, long bytes) {
        FloatVector m = FloatVector.broadcast(F32, max);
        FloatVector s = FloatVector.broadcast(F32, logSum);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, x + i, LE)
                    .sub(m)
                    .sub(s)
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    /// dx = y (dy - sum).
    static void softmaxGradient(long dy, long y, float sum, long dx, long bytes) {
        FloatVector s = FloatVector.broadcast(F32, sum);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, dy + i, LE)
                    .sub(s)
                    .mul(FloatVector.fromMemorySegment(F32, ALL, y + i, LE))
                    .intoMemorySegment(ALL, dx + i, LE);
        }
    }
}
