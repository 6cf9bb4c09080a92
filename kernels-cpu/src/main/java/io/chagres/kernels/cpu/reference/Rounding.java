package io.chagres.kernels.cpu.reference;

/// Rounds doubles to 16-bit floats once. Going through a float rounded to nearest would round twice
/// and miss values just beside a tie; a float rounded *to odd* keeps the information of which side
/// the value was on.
///
/// Boldo, Melquiond: Emulation of FMA and Correctly Rounded Sums: Proved Algorithms Using Rounding
/// to Odd. IEEE Transactions on Computers 57 (4), 2008.
final class Rounding {
    private Rounding() {}

    /// To bfloat16, nearest even; NaN stays NaN.
    static short toBFloat16(double v) {
        float f = toOdd(v);
        int bits = Float.floatToRawIntBits(f);
        if (Float.isNaN(f)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
    }

    /// To IEEE half precision, nearest even; NaN stays NaN.
    static short toFloat16(double v) {
        return Float.floatToFloat16(toOdd(v));
    }

    /// The bfloat16 with these bits.
    static float fromBFloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    private static float toOdd(double v) {
        float f = (float) v;
        int bits = Float.floatToRawIntBits(f);
        if (f == v || Float.isNaN(f) || (bits & 1) != 0) {
            return f;
        }
        boolean below = Math.abs((double) f) < Math.abs(v);
        return Float.intBitsToFloat(below ? bits + 1 : bits - 1);
    }
}
