package io.chagres.kernels.cpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Elementary functions over vectors of floats, by polynomials of our own.
///
/// Every step is an IEEE operation or an integer one, so a value has the same bits in every lane, at
/// every vector width, and before and after the JIT compiler has seen the code. That is why kernels
/// use these and not `lanewise(EXP)` and its kin.
///
/// Polynomials are minimax fits of the remainder after range reduction (weighted least squares on
/// Chebyshev nodes). Stated errors are the largest relative errors found against double precision;
/// `VectorMathTest` holds them.
///
/// The bodies are flat: a loop that calls one of them once or twice stays free of allocation.
public final class VectorMath {
    private static final float LOG2E = 1.44269504f;
    // ln 2 in two parts; the first has 9 significant bits, so its product with an exponent is exact.
    private static final float LN2_HI = 0.693359375f;
    private static final float LN2_LO = -2.12194440e-4f;
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits of the sum.
    private static final float ROUND = 12582912f;
    private static final int ROUND_BITS = 0x4B400000;
    private static final int ONE_BITS = 0x3F800000;
    private static final int SIGN_BIT = 0x80000000;
    private static final float MIN_EXP_NORMAL = -87.33654f;

    // exp(r) = 1 + r + r^2 Q(r) for |r| <= ln(2)/2; fit error 3e-9.
    private static final float Q0 = 4.999999404e-01f;
    private static final float Q1 = 1.666652113e-01f;
    private static final float Q2 = 4.166838899e-02f;
    private static final float Q3 = 8.368710987e-03f;
    private static final float Q4 = 1.381460810e-03f;

    // log(1+f) = f - f^2/2 + f^3 P(f) for 1+f in [sqrt(1/2), sqrt(2)); fit error 6e-9.
    private static final int SQRT_HALF_BITS = 0x3F3504F3;
    private static final float P0 = 3.333333135e-01f;
    private static final float P1 = -2.500082254e-01f;
    private static final float P2 = 2.000122666e-01f;
    private static final float P3 = -1.662335545e-01f;
    private static final float P4 = 1.420176029e-01f;
    private static final float P5 = -1.316019893e-01f;
    private static final float P6 = 1.276156753e-01f;
    private static final float P7 = -7.634441555e-02f;

    // erf(x) = x + x E(x^2) for |x| <= 1; fit error 1e-9.
    private static final float E0 = 1.283791661e-01f;
    private static final float E1 = -3.761262596e-01f;
    private static final float E2 = 1.128358543e-01f;
    private static final float E3 = -2.685381100e-02f;
    private static final float E4 = 5.188327748e-03f;
    private static final float E5 = -8.010192541e-04f;
    private static final float E6 = 7.853857824e-05f;

    // erf(t) = 1 - exp(-G(t)) for 1 <= t <= 4; fit error 1e-9.
    private static final float G0 = 3.415125830e-04f;
    private static final float G1 = 1.127089262e+00f;
    private static final float G2 = 6.381447315e-01f;
    private static final float G3 = 1.031068191e-01f;
    private static final float G4 = -2.183809690e-02f;
    private static final float G5 = 2.947666915e-03f;
    private static final float G6 = -1.863800862e-04f;

    private VectorMath() {}

    /// e^x over the whole range: +0 below -104, subnormal results rounded correctly, infinity above
    /// 88.73, NaN kept. Relative error at most 1e-7 for normal results.
    public static FloatVector exp(FloatVector x) {
        FloatVector c = x.blend(89f, x.compare(VectorOperators.GT, 89f));
        c = c.blend(-104.5f, c.compare(VectorOperators.LT, -104.5f));
        FloatVector t = c.fma(broadcast(LOG2E), broadcast(ROUND));
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(broadcast(-LN2_LO), n.fma(broadcast(-LN2_HI), c));
        FloatVector q = broadcast(Q4).fma(r, broadcast(Q3));
        q = q.fma(r, broadcast(Q2)).fma(r, broadcast(Q1)).fma(r, broadcast(Q0));
        FloatVector e = q.fma(r.mul(r), r).add(1f);
        // 2^n in two factors, so that neither leaves the normal range.
        IntVector k = t.reinterpretAsInts().sub(ROUND_BITS);
        IntVector half = k.lanewise(VectorOperators.ASHR, 1);
        IntVector rest = k.sub(half);
        FloatVector s0 =
                half.lanewise(VectorOperators.LSHL, 23).add(ONE_BITS).reinterpretAsFloats();
        FloatVector s1 =
                rest.lanewise(VectorOperators.LSHL, 23).add(ONE_BITS).reinterpretAsFloats();
        return e.mul(s0).mul(s1);
    }

    /// e^x for x at most 88, where results below 2^-126 become +0: the cheaper form for softmax and
    /// gates, whose arguments are never positive. NaN is kept. Relative error at most 1e-7.
    public static FloatVector expFlushed(FloatVector x) {
        FloatVector t = x.fma(broadcast(LOG2E), broadcast(ROUND));
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(broadcast(-LN2_LO), n.fma(broadcast(-LN2_HI), x));
        FloatVector q = broadcast(Q4).fma(r, broadcast(Q3));
        q = q.fma(r, broadcast(Q2)).fma(r, broadcast(Q1)).fma(r, broadcast(Q0));
        FloatVector e = q.fma(r.mul(r), r).add(1f);
        FloatVector scale =
                t.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, 23)
                        .add(ONE_BITS)
                        .reinterpretAsFloats();
        return e.mul(scale).blend(0f, x.compare(VectorOperators.LT, MIN_EXP_NORMAL));
    }

    /// Natural logarithm: -infinity at zero, NaN below, right for subnormal arguments. Relative error
    /// at most 1.3e-7.
    public static FloatVector log(FloatVector x) {
        VectorMask<Float> tiny = x.compare(VectorOperators.LT, Float.MIN_NORMAL);
        IntVector bits = x.blend(x.mul(8388608f), tiny).reinterpretAsInts();
        IntVector k = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
        FloatVector f =
                bits.sub(k.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().sub(1f);
        FloatVector exponent = (FloatVector) k.convert(VectorOperators.I2F, 0);
        exponent = exponent.blend(exponent.sub(23f), tiny);
        FloatVector p = broadcast(P7).fma(f, broadcast(P6)).fma(f, broadcast(P5));
        p = p.fma(f, broadcast(P4)).fma(f, broadcast(P3)).fma(f, broadcast(P2));
        p = p.fma(f, broadcast(P1)).fma(f, broadcast(P0));
        FloatVector square = f.mul(f);
        FloatVector y = p.fma(square.mul(f), exponent.mul(LN2_LO));
        y = square.fma(broadcast(-0.5f), y);
        y = exponent.fma(broadcast(LN2_HI), f.add(y));
        y = x.blend(y, x.compare(VectorOperators.LT, Float.POSITIVE_INFINITY));
        y = y.blend(Float.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0f));
        return y.blend(Float.NaN, x.compare(VectorOperators.LT, 0f));
    }

    /// 1 / (1 + e^-x), where results below 2^-126 become +0. Relative error at most 2e-7.
    public static FloatVector sigmoid(FloatVector x) {
        FloatVector e = expFlushed(x.abs().neg());
        FloatVector numerator = e.blend(1f, x.compare(VectorOperators.GE, 0f));
        return numerator.div(e.add(1f));
    }

    /// Hyperbolic tangent, odd in every bit. Relative error at most 2e-7, near zero as well.
    public static FloatVector tanh(FloatVector x) {
        // With m = e^(-2|x|) - 1, which keeps its relative accuracy near zero: tanh|x| = -m / (m + 2).
        FloatVector c = x.abs().mul(-2f);
        c = c.blend(-40f, c.compare(VectorOperators.LT, -40f));
        FloatVector t = c.fma(broadcast(LOG2E), broadcast(ROUND));
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(broadcast(-LN2_LO), n.fma(broadcast(-LN2_HI), c));
        FloatVector q = broadcast(Q4).fma(r, broadcast(Q3));
        q = q.fma(r, broadcast(Q2)).fma(r, broadcast(Q1)).fma(r, broadcast(Q0));
        FloatVector scale =
                t.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, 23)
                        .add(ONE_BITS)
                        .reinterpretAsFloats();
        FloatVector m = q.fma(r.mul(r), r).fma(scale, scale.sub(1f));
        return withSignOf(FloatVector.zero(Lanes.F32).sub(m).div(m.add(2f)), x);
    }

    /// Error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x; odd in every bit.
    /// Relative error at most 2e-7, near zero as well.
    public static FloatVector erf(FloatVector x) {
        FloatVector z = x.mul(x);
        FloatVector p = broadcast(E6).fma(z, broadcast(E5)).fma(z, broadcast(E4));
        p = p.fma(z, broadcast(E3)).fma(z, broadcast(E2)).fma(z, broadcast(E1));
        p = p.fma(z, broadcast(E0));
        FloatVector near = p.fma(x, x);
        FloatVector t = x.abs();
        VectorMask<Float> far = t.compare(VectorOperators.GT, 1f);
        t = t.blend(4f, t.compare(VectorOperators.GT, 4f));
        FloatVector g = broadcast(G6).fma(t, broadcast(G5)).fma(t, broadcast(G4));
        g = g.fma(t, broadcast(G3)).fma(t, broadcast(G2)).fma(t, broadcast(G1));
        g = g.fma(t, broadcast(G0));
        FloatVector one = broadcast(1f).sub(expFlushed(g.neg()));
        return near.blend(withSignOf(one, x), far);
    }

    private static FloatVector broadcast(float value) {
        return FloatVector.broadcast(Lanes.F32, value);
    }

    /// A magnitude (its own sign bit clear) with the sign bit of `x`.
    private static FloatVector withSignOf(FloatVector magnitude, FloatVector x) {
        IntVector sign = x.reinterpretAsInts().and(SIGN_BIT);
        return magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats();
    }
}
