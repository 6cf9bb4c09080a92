package io.chagres.kernels.cpu.vector;

/// The numbers of [VectorMath#expFlushed], for machine code that does the same.
public final class ExpConstants {
    /// log2(e).
    public static final float LOG2E = 1.44269504f;

    /// Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits of the sum.
    public static final float ROUND = 12582912f;

    /// -ln(2) is this, whose product with an exponent is exact, and [#MINUS_LN2_LO].
    public static final float MINUS_LN2_HI = -0.693359375f;

    /// The rest of -ln(2).
    public static final float MINUS_LN2_LO = 2.12194440e-4f;

    /// exp(r) = 1 + r + r^2 Q(r) for |r| <= ln(2)/2, Q from this coefficient to [#Q4]; fit error
    /// 3e-9.
    public static final float Q0 = 4.999999404e-01f;

    /// Of r.
    public static final float Q1 = 1.666652113e-01f;

    /// Of r^2.
    public static final float Q2 = 4.166838899e-02f;

    /// Of r^3.
    public static final float Q3 = 8.368710987e-03f;

    /// Of r^4.
    public static final float Q4 = 1.381460810e-03f;

    /// Below this the result would be subnormal, and is 0.
    public static final float EXP_MIN_NORMAL = -87.33654f;

    private ExpConstants() {}
}
