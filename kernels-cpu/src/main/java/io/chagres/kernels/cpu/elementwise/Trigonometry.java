package io.chagres.kernels.cpu.elementwise;

import static io.chagres.kernels.cpu.vector.Lanes.ALL;
import static io.chagres.kernels.cpu.vector.Lanes.F64;
import static io.chagres.kernels.cpu.vector.Lanes.FLOAT;
import static io.chagres.kernels.cpu.vector.Lanes.LE;

import io.chagres.kernels.cpu.vector.Lanes;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Sine and cosine of floats in double precision arithmetic, without the allocation of `StrictMath`
/// and with the same bits on every machine. The result is the exact value correctly rounded but for
/// rare near-ties. The vector loop does what the scalar code does, operation by operation.
final class Trigonometry {
    private static final int STEP = Lanes.N / 2;
    private static final VectorShape HALF = VectorShape.forBitSize(Lanes.BITS / 2);
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, HALF);

    // Bytes, not floats: a second width of float vectors would spoil the type profile that C2 has
    // of their methods, and with it the kernels that hold such vectors across a loop.
    private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, HALF);

    /// Adding 1.5 · 2⁵² rounds to a whole number, whose last bits then are those of the sum.
    private static final double ROUND = 0x1.8p52;

    private static final double TWO_OVER_PI = 0.6366197723675814;
    // pi/2 in two parts; the first has 33 significant bits, so its product with k is exact.
    private static final double HALF_PI_HIGH = 1.5707963267341256;
    private static final double HALF_PI_LOW = 6.077100506506192e-11;
    // The coefficients of Taylor's series of sine from z r on and of cosine from z on, z = r²,
    // without
    // their alternating signs.
    private static final double S1 = 1.0 / 6;
    private static final double S2 = 1.0 / 120;
    private static final double S3 = 1.0 / 5040;
    private static final double S4 = 1.0 / 362880;
    private static final double S5 = 1.0 / 39916800;
    private static final double S6 = 1.0 / 6227020800.0;
    private static final double C1 = 1.0 / 2;
    private static final double C2 = 1.0 / 24;
    private static final double C3 = 1.0 / 720;
    private static final double C4 = 1.0 / 40320;
    private static final double C5 = 1.0 / 3628800;
    private static final double C6 = 1.0 / 479001600;
    // Beyond this the reduction would lose the float's accuracy.
    private static final float LARGE = 1e5f;

    private Trigonometry() {}

    static float sin(float x) {
        return Math.abs(x) < LARGE ? quadrant(x, 0) : (float) StrictMath.sin(x);
    }

    static float cos(float x) {
        return Math.abs(x) < LARGE ? quadrant(x, 1) : (float) StrictMath.cos(x);
    }

    /// y = sin(x + shift pi/2) over `bytes` bytes, a whole number of vectors.
    static void loop(long x, long y, int shift, long bytes) {
        for (long i = 0; i < bytes; i += 4 * STEP) {
            FloatVector f =
                    ByteVector.fromMemorySegment(BYTES, ALL, x + i, LE).reinterpretAsFloats();
            DoubleVector v = (DoubleVector) f.convertShape(VectorOperators.F2D, F64, 0);
            if (!v.abs().compare(VectorOperators.LT, LARGE).allTrue()) {
                for (long j = i; j < i + 4 * STEP; j += 4) {
                    float number = ALL.get(FLOAT, x + j);
                    ALL.set(FLOAT, y + j, shift == 0 ? sin(number) : cos(number));
                }
                continue;
            }
            DoubleVector t = v.mul(TWO_OVER_PI).add(ROUND);
            DoubleVector k = t.sub(ROUND);
            DoubleVector r = v.sub(k.mul(HALF_PI_HIGH)).sub(k.mul(HALF_PI_LOW));
            DoubleVector z = r.mul(r);
            DoubleVector s = z.mul(S6).sub(S5).mul(z).add(S4).mul(z).sub(S3);
            s = s.mul(z).add(S2).mul(z).sub(S1);
            s = r.mul(z.mul(s).add(1.0));
            DoubleVector c = z.mul(C6).sub(C5).mul(z).add(C4).mul(z).sub(C3);
            c = z.mul(c.mul(z).add(C2).mul(z).sub(C1)).add(1.0);
            LongVector q = t.reinterpretAsLongs().add(shift);
            VectorMask<Double> odd = q.and(1).compare(VectorOperators.NE, 0).cast(F64);
            LongVector sign = q.and(2).lanewise(VectorOperators.LSHL, 62);
            DoubleVector value =
                    s.blend(c, odd)
                            .reinterpretAsLongs()
                            .lanewise(VectorOperators.XOR, sign)
                            .reinterpretAsDoubles();
            value.convertShape(VectorOperators.D2F, FLOATS, 0)
                    .reinterpretAsBytes()
                    .intoMemorySegment(ALL, y + i, LE);
        }
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
        double p = S6 * z - S5;
        p = p * z + S4;
        p = p * z - S3;
        p = p * z + S2;
        p = p * z - S1;
        return r * (z * p + 1); // a product keeps the sign of r = -0
    }

    /// As [#sine], with an error below 3e-13.
    private static double cosine(double r) {
        double z = r * r;
        double p = C6 * z - C5;
        p = p * z + C4;
        p = p * z - C3;
        p = p * z + C2;
        p = p * z - C1;
        return z * p + 1;
    }
}
