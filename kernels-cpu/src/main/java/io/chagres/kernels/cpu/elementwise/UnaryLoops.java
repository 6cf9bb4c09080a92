package io.chagres.kernels.cpu.elementwise;

import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.VectorMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// The loops of [Unary]. `bytes` is a whole number of vectors.
final class UnaryLoops {
    private static final int STEP = 4 * Lanes.N;
    private static final FloatVector ZERO = FloatVector.zero(Lanes.F32);
    private static final FloatVector ONE = FloatVector.broadcast(Lanes.F32, 1f);

    private UnaryLoops() {}

    static void exp(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(VectorMath.exp(Lanes.load(x + i)), y + i);
        }
    }

    static void log(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(VectorMath.log(Lanes.load(x + i)), y + i);
        }
    }

    static void sqrt(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(x + i).sqrt(), y + i);
        }
    }

    static void rsqrt(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(ONE.div(Lanes.load(x + i).sqrt()), y + i);
        }
    }

    static void tanh(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(VectorMath.tanh(Lanes.load(x + i)), y + i);
        }
    }

    static void sigmoid(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(VectorMath.sigmoid(Lanes.load(x + i)), y + i);
        }
    }

    static void relu(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = Lanes.load(x + i);
            Lanes.store(v.blend(ZERO, v.compare(VectorOperators.LE, ZERO)), y + i);
        }
    }

    static void abs(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(x + i).abs(), y + i);
        }
    }

    static void neg(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(x + i).neg(), y + i);
        }
    }

    static void erf(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(VectorMath.erf(Lanes.load(x + i)), y + i);
        }
    }

    static void square(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = Lanes.load(x + i);
            Lanes.store(v.mul(v), y + i);
        }
    }

    static void sin(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += 4) {
            float v = Lanes.ALL.get(Lanes.FLOAT, x + i);
            Lanes.ALL.set(Lanes.FLOAT, y + i, Trigonometry.sin(v));
        }
    }

    static void cos(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += 4) {
            float v = Lanes.ALL.get(Lanes.FLOAT, x + i);
            Lanes.ALL.set(Lanes.FLOAT, y + i, Trigonometry.cos(v));
        }
    }

    static void affine(long x, long y, float k, float b, long bytes) {
        FloatVector factor = FloatVector.broadcast(Lanes.F32, k);
        FloatVector term = FloatVector.broadcast(Lanes.F32, b);
        for (long i = 0; i < bytes; i += STEP) {
            Lanes.store(Lanes.load(x + i).fma(factor, term), y + i);
        }
    }
}
