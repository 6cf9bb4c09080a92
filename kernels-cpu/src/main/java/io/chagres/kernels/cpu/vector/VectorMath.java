package io.chagres.kernels.cpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Elementary functions over vectors of floats, by polynomials of our own.
///
/// Every step is an IEEE operation or an integer one, so a value has the same bits in every lane,
/// at every vector width, and before and after the JIT compiler has seen the code. That is why
/// kernels use these and not `lanewise(EXP)` and its kin.
///
/// The polynomials are minimax fits of what range reduction leaves (iteratively reweighted least
/// squares on Chebyshev nodes). The errors stated are relative to the exact value; `VectorMathTest`
/// holds them.
///
/// Bodies are flat and their constants are ready-made vectors, because C2 stops inlining, and
/// starts to allocate, once a loop has grown past a node budget of about 45 vector operations. A
/// loop can afford one call of [#erf], or two of the others.
public final class VectorMath {
    private static final FloatVector ZERO = constant(0f);
    static final FloatVector ONE = constant(1f);
    static final FloatVector LOG2E = constant(ExpConstants.LOG2E);
    // ln 2 in two parts; the first has 9 significant bits, so its product with an exponent is
    // exact.
    private static final FloatVector LN2_HI = constant(0.693359375f);
    private static final FloatVector LN2_LO = constant(-2.12194440e-4f);
    static final FloatVector MINUS_LN2_HI = constant(ExpConstants.MINUS_LN2_HI);
    static final FloatVector MINUS_LN2_LO = constant(ExpConstants.MINUS_LN2_LO);
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits of the sum.
    static final FloatVector ROUND = constant(ExpConstants.ROUND);
    private static final IntVector ROUND_BITS = constant(0x4B400000);
    static final IntVector ONE_BITS = constant(0x3F800000);
    private static final IntVector SIGN_BIT = constant(0x80000000);

    // exp(r) = 1 + r + r^2 Q(r) for |r| <= ln(2)/2; fit error 3e-9.
    static final FloatVector Q0 = constant(ExpConstants.Q0);
    static final FloatVector Q1 = constant(ExpConstants.Q1);
    static final FloatVector Q2 = constant(ExpConstants.Q2);
    static final FloatVector Q3 = constant(ExpConstants.Q3);
    static final FloatVector Q4 = constant(ExpConstants.Q4);
    private static final FloatVector EXP_MAX = constant(89f);
    private static final FloatVector EXP_MIN = constant(-104.5f);
    static final FloatVector EXP_MIN_NORMAL = constant(ExpConstants.EXP_MIN_NORMAL);
    private static final FloatVector TANH_MIN = constant(-40f);

    // log(1+f) = f - f^2/2 + f^3 P(f) for 1+f in [sqrt(1/2), sqrt(2)); fit error 6e-9.
    private static final IntVector SQRT_HALF_BITS = constant(0x3F3504F3);
    private static final FloatVector MIN_NORMAL = constant(Float.MIN_NORMAL);
    private static final FloatVector INFINITY = constant(Float.POSITIVE_INFINITY);
    private static final FloatVector P0 = constant(3.333333135e-01f);
    private static final FloatVector P1 = constant(-2.500082254e-01f);
    private static final FloatVector P2 = constant(2.000122666e-01f);
    private static final FloatVector P3 = constant(-1.662335545e-01f);
    private static final FloatVector P4 = constant(1.420176029e-01f);
    private static final FloatVector P5 = constant(-1.316019893e-01f);
    private static final FloatVector P6 = constant(1.276156753e-01f);
    private static final FloatVector P7 = constant(-7.634441555e-02f);
    private static final FloatVector MINUS_HALF = constant(-0.5f);

    // erf(x) = x + x E(x^2) for |x| <= 1; fit error 1e-9.
    private static final FloatVector E0 = constant(1.283791661e-01f);
    private static final FloatVector E1 = constant(-3.761262596e-01f);
    private static final FloatVector E2 = constant(1.128358543e-01f);
    private static final FloatVector E3 = constant(-2.685381100e-02f);
    private static final FloatVector E4 = constant(5.188327748e-03f);
    private static final FloatVector E5 = constant(-8.010192541e-04f);
    private static final FloatVector E6 = constant(7.853857824e-05f);

    // erf(t) = 1 - exp(G(t)) for 1 <= t <= 4; fit error 1e-9.
    private static final FloatVector G0 = constant(-3.415125830e-04f);
    private static final FloatVector G1 = constant(-1.127089262e+00f);
    private static final FloatVector G2 = constant(-6.381447315e-01f);
    private static final FloatVector G3 = constant(-1.031068191e-01f);
    private static final FloatVector G4 = constant(2.183809690e-02f);
    private static final FloatVector G5 = constant(-2.947666915e-03f);
    private static final FloatVector G6 = constant(1.863800862e-04f);
    private static final FloatVector FOUR = constant(4f);
    private static final FloatVector TWO = constant(2f);

    private VectorMath() {}

    /// e^x over the whole range: +0 below -104, subnormal results rounded correctly, infinity above
    /// 88.73, NaN kept. Relative error at most 1e-7 for normal results.
    public static FloatVector exp(FloatVector x) {
        FloatVector c = x.blend(EXP_MAX, x.compare(VectorOperators.GT, EXP_MAX));
        c = c.blend(EXP_MIN, c.compare(VectorOperators.LT, EXP_MIN));
        FloatVector t = c.fma(LOG2E, ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(MINUS_LN2_LO, n.fma(MINUS_LN2_HI, c));
        FloatVector q = Q4.fma(r, Q3).fma(r, Q2).fma(r, Q1).fma(r, Q0);
        FloatVector e = q.fma(r.mul(r), r).add(ONE);
        // 2^n in two factors, so that neither leaves the normal range.
        IntVector k = t.reinterpretAsInts().sub(ROUND_BITS);
        IntVector half = k.lanewise(VectorOperators.ASHR, 1);
        IntVector rest = k.sub(half);
        IntVector s0 = half.lanewise(VectorOperators.LSHL, 23).add(ONE_BITS);
        IntVector s1 = rest.lanewise(VectorOperators.LSHL, 23).add(ONE_BITS);
        return e.mul(s0.reinterpretAsFloats()).mul(s1.reinterpretAsFloats());
    }

    /// e^x for x at most 88, where results below 2^-126 become +0: the cheaper form for softmax and
    /// gates, whose arguments are never positive. NaN is kept. Relative error at most 1e-7.
    public static FloatVector expFlushed(FloatVector x) {
        FloatVector t = x.fma(LOG2E, ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(MINUS_LN2_LO, n.fma(MINUS_LN2_HI, x));
        FloatVector q = Q4.fma(r, Q3).fma(r, Q2).fma(r, Q1).fma(r, Q0);
        FloatVector e = q.fma(r.mul(r), r).add(ONE);
        IntVector scale = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(ONE_BITS);
        FloatVector y = e.mul(scale.reinterpretAsFloats());
        return y.blend(ZERO, x.compare(VectorOperators.LT, EXP_MIN_NORMAL));
    }

    /// Natural logarithm: -infinity at zero, NaN below, right for subnormal arguments. Relative
    /// error at most 1.3e-7.
    public static FloatVector log(FloatVector x) {
        VectorMask<Float> tiny = x.compare(VectorOperators.LT, MIN_NORMAL);
        IntVector bits = x.blend(x.mul(8388608f), tiny).reinterpretAsInts();
        IntVector k = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
        FloatVector f = bits.sub(k.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
        f = f.sub(ONE);
        FloatVector exponent = (FloatVector) k.convert(VectorOperators.I2F, 0);
        exponent = exponent.blend(exponent.sub(23f), tiny);
        FloatVector p = P7.fma(f, P6).fma(f, P5).fma(f, P4).fma(f, P3);
        p = p.fma(f, P2).fma(f, P1).fma(f, P0);
        FloatVector square = f.mul(f);
        FloatVector y = p.fma(square.mul(f), exponent.mul(LN2_LO));
        y = exponent.fma(LN2_HI, f.add(square.fma(MINUS_HALF, y)));
        y = x.blend(y, x.compare(VectorOperators.LT, INFINITY));
        y = y.blend(Float.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, ZERO));
        return y.blend(Float.NaN, x.compare(VectorOperators.LT, ZERO));
    }

    /// 1 / (1 + e^-x), where results below 2^-126 become +0. Relative error at most 2e-7.
    public static FloatVector sigmoid(FloatVector x) {
        FloatVector e = expFlushed(x.abs().neg());
        return e.blend(ONE, x.compare(VectorOperators.GE, ZERO)).div(e.add(ONE));
    }

    /// Hyperbolic tangent, odd in every bit. Relative error at most 2e-7, near zero as well.
    public static FloatVector tanh(FloatVector x) {
        // With m = e^(-2|x|) - 1, accurate near zero: tanh|x| = -m / (m + 2).
        FloatVector a = x.abs();
        FloatVector c = ZERO.sub(a.add(a));
        c = c.blend(TANH_MIN, c.compare(VectorOperators.LT, TANH_MIN));
        FloatVector t = c.fma(LOG2E, ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(MINUS_LN2_LO, n.fma(MINUS_LN2_HI, c));
        FloatVector q = Q4.fma(r, Q3).fma(r, Q2).fma(r, Q1).fma(r, Q0);
        IntVector bits = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(ONE_BITS);
        FloatVector scale = bits.reinterpretAsFloats();
        FloatVector m = q.fma(r.mul(r), r).fma(scale, scale.sub(ONE));
        return withSignOf(ZERO.sub(m).div(m.add(TWO)), x);
    }

    /// Error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x; odd in every bit.
    /// Relative error at most 2e-7, near zero as well.
    public static FloatVector erf(FloatVector x) {
        FloatVector z = x.mul(x);
        FloatVector p = E6.fma(z, E5).fma(z, E4).fma(z, E3).fma(z, E2).fma(z, E1).fma(z, E0);
        FloatVector near = p.fma(x, x);
        FloatVector t = x.abs();
        VectorMask<Float> far = t.compare(VectorOperators.GT, ONE);
        t = t.min(FOUR);
        FloatVector g = G6.fma(t, G5).fma(t, G4).fma(t, G3).fma(t, G2).fma(t, G1).fma(t, G0);
        return near.blend(withSignOf(ONE.sub(expFlushed(g)), x), far);
    }

    private static FloatVector constant(float value) {
        return FloatVector.broadcast(Lanes.F32, value);
    }

    private static IntVector constant(int value) {
        return IntVector.broadcast(Lanes.I32, value);
    }

    /// A magnitude (its own sign bit clear) with the sign bit of `x`.
    private static FloatVector withSignOf(FloatVector magnitude, FloatVector x) {
        IntVector sign = x.reinterpretAsInts().and(SIGN_BIT);
        return magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats();
    }
}
