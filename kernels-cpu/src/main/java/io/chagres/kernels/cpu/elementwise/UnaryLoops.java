package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.VectorMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// The loops of [Unary]. `bytes` is a whole number of vectors.
final class UnaryLoops {
    private static final int STEP = 4 * Lanes.N;
    private static final FloatVector ZERO = FloatVector.zero(F32);
    private static final FloatVector ONE = FloatVector.broadcast(F32, 1f);

    private UnaryLoops() {}

    static void exp(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            VectorMath.exp(FloatVector.fromMemorySegment(F32, ALL, x + i, LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void log(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            VectorMath.log(FloatVector.fromMemorySegment(F32, ALL, x + i, LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void sqrt(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, x + i, LE)
                    .sqrt()
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void rsqrt(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            ONE.div(FloatVector.fromMemorySegment(F32, ALL, x + i, LE).sqrt())
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void tanh(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            VectorMath.tanh(FloatVector.fromMemorySegment(F32, ALL, x + i, LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void sigmoid(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            VectorMath.sigmoid(FloatVector.fromMemorySegment(F32, ALL, x + i, LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void relu(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + i, LE);
            v.blend(ZERO, v.compare(VectorOperators.LE, ZERO)).intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void abs(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, x + i, LE)
                    .abs()
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void neg(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, x + i, LE)
                    .neg()
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void erf(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            VectorMath.erf(FloatVector.fromMemorySegment(F32, ALL, x + i, LE))
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void square(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + i, LE);
            v.mul(v).intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void sin(long x, long y, long bytes) {
        Trigonometry.loop(x, y, 0, bytes);
    }

    static void cos(long x, long y, long bytes) {
        Trigonometry.loop(x, y, 1, bytes);
    }

    static void affine(long x, long y, float k, float b, long bytes) {
        FloatVector factor = FloatVector.broadcast(F32, k);
        FloatVector term = FloatVector.broadcast(F32, b);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(F32, ALL, x + i, LE)
                    .fma(factor, term)
                    .intoMemorySegment(ALL, y + i, LE);
        }
    }
}
