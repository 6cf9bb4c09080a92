package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F32;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.VectorMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// The loops of the activation functions and of their gradients. `bytes` is a whole number of
/// vectors; a gradient reads the incoming gradient `dy` and the function's input `x` (or, for tanh
/// and sigmoid, its output `y`). Masks are those of [BinaryLoops].
final class ActivationLoops {
    private static final int STEP = 4 * Lanes.N;
    private static final FloatVector ZERO = FloatVector.zero(F32);
    private static final FloatVector ONE = FloatVector.broadcast(F32, 1f);
    private static final FloatVector MINUS_HALF = FloatVector.broadcast(F32, -0.5f);

    // tanh form: x/2 (1 + tanh(u)) = x sigmoid(2u) with 2u = x (A + B x^2), A = 2 sqrt(2/pi) and
    // B = 0.044715 A; its derivative is A + 3 B x^2.
    private static final double SQRT_2_OVER_PI = 0.7978845608028654;
    private static final FloatVector A = constant(2 * SQRT_2_OVER_PI);
    private static final FloatVector B = constant(2 * SQRT_2_OVER_PI * 0.044715);
    private static final FloatVector B3 = constant(6 * SQRT_2_OVER_PI * 0.044715);

    // erf form: x Phi(x), Phi being the normal distribution. Its tail is e^(-x^2/2) k R(k) with
    // k = 1 / (1 + K |x|), so one exponential gives both it and the density; R is a minimax fit
    // with an
    // absolute error of Phi below 4e-9 and a relative one of 7e-7 down to Phi(-6).
    private static final FloatVector K = constant(0.2474873734152916);
    private static final FloatVector R0 = constant(9.904029965e-02);
    private static final FloatVector R1 = constant(9.383551031e-02);
    private static final FloatVector R2 = constant(1.260978580e-01);
    private static final FloatVector R3 = constant(-4.802000523e-02);
    private static final FloatVector R4 = constant(3.711069822e-01);
    private static final FloatVector R5 = constant(-4.255624115e-01);
    private static final FloatVector R6 = constant(4.690046012e-01);
    private static final FloatVector R7 = constant(-2.233782262e-01);
    private static final FloatVector R8 = constant(3.787539527e-02);
    private static final FloatVector INVERSE_SQRT_2PI = constant(0.3989422804014327);

    private ActivationLoops() {}

    static void silu(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + i, LE);
            v.mul(VectorMath.sigmoid(v)).intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void geluTanh(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + i, LE);
            v.mul(VectorMath.sigmoid(v.mul(v).fma(B, A).mul(v))).intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void geluErf(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + i, LE);
            FloatVector density = VectorMath.expFlushed(v.mul(v).mul(MINUS_HALF));
            FloatVector k = ONE.div(v.abs().fma(K, ONE));
            FloatVector above = tail(density, k);
            FloatVector below = ONE.sub(above).blend(above, v.compare(VectorOperators.LT, ZERO));
            v.mul(below).intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void swiglu(long gate, long gateMask, long up, long upMask, long y, long bytes) {
        SwigluCode machine = SwigluCode.here();
        if (machine == null || gateMask != -1 || upMask != -1 || bytes == 0) {
            swigluVectors(gate, gateMask, up, upMask, y, bytes);
        } else {
            machine.call(gate, up, y, bytes);
        }
    }

    static void swigluVectors(long gate, long gateMask, long up, long upMask, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector g = FloatVector.fromMemorySegment(F32, ALL, gate + (i & gateMask), LE);
            FloatVector u = FloatVector.fromMemorySegment(F32, ALL, up + (i & upMask), LE);
            g.mul(VectorMath.sigmoid(g)).mul(u).intoMemorySegment(ALL, y + i, LE);
        }
    }

    static void reluGradient(long dy, long dyMask, long x, long xMask, long dx, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + (i & xMask), LE);
            FloatVector d = FloatVector.fromMemorySegment(F32, ALL, dy + (i & dyMask), LE);
            d.blend(ZERO, v.compare(VectorOperators.LE, ZERO)).intoMemorySegment(ALL, dx + i, LE);
        }
    }

    static void tanhGradient(long dy, long dyMask, long y, long yMask, long dx, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, y + (i & yMask), LE);
            FloatVector.fromMemorySegment(F32, ALL, dy + (i & dyMask), LE)
                    .mul(v.neg().fma(v, ONE))
                    .intoMemorySegment(ALL, dx + i, LE);
        }
    }

    static void sigmoidGradient(long dy, long dyMask, long y, long yMask, long dx, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, y + (i & yMask), LE);
            FloatVector.fromMemorySegment(F32, ALL, dy + (i & dyMask), LE)
                    .mul(v.mul(ONE.sub(v)))
                    .intoMemorySegment(ALL, dx + i, LE);
        }
    }

    // A gate's slope is s + x s', where s = sigmoid(x). With e = exp(-|x|) and q = 1 / (1 + e), s
    // is q
    // or e q by the sign of x, and s' = s (1 - s) is e q^2, which loses nothing where s is near 1.

    /// silu'(x) = s + x s'.
    static void siluGradient(long dy, long dyMask, long x, long xMask, long dx, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + (i & xMask), LE);
            FloatVector e = VectorMath.expFlushed(v.abs().neg());
            FloatVector q = ONE.div(e.add(ONE));
            FloatVector s = q.mul(e.blend(ONE, v.compare(VectorOperators.GE, ZERO)));
            FloatVector slope = v.fma(q.mul(q).mul(e), s);
            FloatVector.fromMemorySegment(F32, ALL, dy + (i & dyMask), LE)
                    .mul(slope)
                    .intoMemorySegment(ALL, dx + i, LE);
        }
    }

    /// s + x s' (2u)' with s = sigmoid(2u).
    static void geluTanhGradient(long dy, long dyMask, long x, long xMask, long dx, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + (i & xMask), LE);
            FloatVector square = v.mul(v);
            FloatVector t = square.fma(B, A).mul(v);
            FloatVector e = VectorMath.expFlushed(t.abs().neg());
            FloatVector q = ONE.div(e.add(ONE));
            FloatVector s = q.mul(e.blend(ONE, t.compare(VectorOperators.GE, ZERO)));
            FloatVector slope = square.fma(B3, A).mul(v).fma(q.mul(q).mul(e), s);
            FloatVector.fromMemorySegment(F32, ALL, dy + (i & dyMask), LE)
                    .mul(slope)
                    .intoMemorySegment(ALL, dx + i, LE);
        }
    }

    /// Phi(x) + x phi(x), the normal distribution and its density.
    static void geluErfGradient(long dy, long dyMask, long x, long xMask, long dx, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = FloatVector.fromMemorySegment(F32, ALL, x + (i & xMask), LE);
            FloatVector d = FloatVector.fromMemorySegment(F32, ALL, dy + (i & dyMask), LE);
            FloatVector density = VectorMath.expFlushed(v.mul(v).mul(MINUS_HALF));
            FloatVector k = ONE.div(v.abs().fma(K, ONE));
            FloatVector above = tail(density, k);
            FloatVector below = ONE.sub(above).blend(above, v.compare(VectorOperators.LT, ZERO));
            FloatVector slope = density.mul(INVERSE_SQRT_2PI).fma(v, below);
            d.mul(slope).intoMemorySegment(ALL, dx + i, LE);
        }
    }

    /// Gradients of silu(gate) up for both of its inputs.
    static void swigluGradient(long dy, long gate, long up, long dGate, long dUp, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector g = FloatVector.fromMemorySegment(F32, ALL, gate + i, LE);
            FloatVector u = FloatVector.fromMemorySegment(F32, ALL, up + i, LE);
            FloatVector d = FloatVector.fromMemorySegment(F32, ALL, dy + i, LE);
            FloatVector e = VectorMath.expFlushed(g.abs().neg());
            FloatVector q = ONE.div(e.add(ONE));
            FloatVector s = q.mul(e.blend(ONE, g.compare(VectorOperators.GE, ZERO)));
            FloatVector slope = g.fma(q.mul(q).mul(e), s);
            d.mul(u).mul(slope).intoMemorySegment(ALL, dGate + i, LE);
            d.mul(g.mul(s)).intoMemorySegment(ALL, dUp + i, LE);
        }
    }

    /// Phi(-|x|) from e^(-x^2/2) and k.
    private static FloatVector tail(FloatVector density, FloatVector k) {
        FloatVector r = R8.fma(k, R7).fma(k, R6).fma(k, R5).fma(k, R4).fma(k, R3);
        return r.fma(k, R2).fma(k, R1).fma(k, R0).mul(k).mul(density);
    }

    private static FloatVector constant(double value) {
        return FloatVector.broadcast(F32, (float) value);
    }
}
