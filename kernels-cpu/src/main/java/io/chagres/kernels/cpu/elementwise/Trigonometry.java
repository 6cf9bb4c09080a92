package io.chagres.kernels.cpu.elementwise;

/// Sine and cosine of floats in double precision arithmetic, without the allocation of `StrictMath`
/// and with the same bits on every machine. The result is the exact value correctly rounded but for
/// rare near-ties.
final class Trigonometry {
    private static final double TWO_OVER_PI = 0.6366197723675814;
    // pi/2 in two parts; the first has 33 significant bits, so its product with k is exact.
    private static final double HALF_PI_HIGH = 1.5707963267341256;
    private static final double HALF_PI_LOW = 6.077100506506192e-11;
    // Beyond this the reduction would lose the float's accuracy.
    private static final float LARGE = 1e5f;

    private Trigonometry() {}

    static float sin(float x) {
        return Math.abs(x) < LARGE ? quadrant(x, 0) : (float) StrictMath.sin(x);
    }

    static float cos(float x) {
        return Math.abs(x) < LARGE ? quadrant(x, 1) : (float) StrictMath.cos(x);
    }

    /// sin(x + shift pi/2).
    private static float quadrant(float x, int shift) {
        // Adding zero makes a negative zero positive, so that the sign of x = -0 survives.
        double k = Math.rint(x * TWO_OVER_PI) + 0.0;
        double r = (x - k * HALF_PI_HIGH) - k * HALF_PI_LOW;
        int q = (int) k + shift;
        double value = (q & 1) == 0 ? sine(r) : cosine(r);
        return (float) ((q & 2) == 0 ? value : -value);
    }

    /// Taylor's series for |r| at most pi/4: the first term left out is below 3e-14.
    private static double sine(double r) {
        double z = r * r;
        double p = 1.0 / 6227020800.0;
        p = p * z - 1.0 / 39916800.0;
        p = p * z + 1.0 / 362880.0;
        p = p * z - 1.0 / 5040.0;
        p = p * z + 1.0 / 120.0;
        p = p * z - 1.0 / 6.0;
        return r + r * z * p;
    }

    /// As [#sine], with an error below 3e-13.
    private static double cosine(double r) {
        double z = r * r;
        double p = 1.0 / 479001600.0;
        p = p * z - 1.0 / 3628800.0;
        p = p * z + 1.0 / 40320.0;
        p = p * z - 1.0 / 720.0;
        p = p * z + 1.0 / 24.0;
        p = p * z - 1.0 / 2.0;
        return 1 + z * p;
    }
}
