package io.chagres.ptx.compile;

import java.util.List;

/// Rounding to the narrow float formats, and in directions other than to nearest.
///
/// Values are doubles, exact for every product or sum that is rounded here up to the last of 53
/// bits.
final class Rounding {
    /// Directions.
    enum Mode {
        /// To nearest, ties to even: `.rn`.
        NEAREST,
        /// Towards zero: `.rz`.
        ZERO,
        /// Down: `.rm`.
        DOWN,
        /// Up: `.rp`.
        UP,
        /// To nearest, ties away from zero: `.rna`.
        AWAY
    }

    /// A format by its bits. `finite` ones have no infinity, and one NaN at the top.
    record Format(int exponentBits, int mantissaBits, boolean finite) {
        static final Format F16 = new Format(5, 10, false);
        static final Format BF16 = new Format(8, 7, false);
        static final Format TF32 = new Format(8, 10, false);
        static final Format F32 = new Format(8, 23, false);
        static final Format E4M3 = new Format(4, 3, true);
        static final Format E5M2 = new Format(5, 2, false);

        int bias() {
            return (1 << exponentBits - 1) - 1;
        }

        int sign() {
            return 1 << exponentBits + mantissaBits;
        }

        int infinity() {
            return (1 << exponentBits) - 1 << mantissaBits;
        }

        int nan() {
            return exponentBits == 5 && mantissaBits == 2 ? 0x7f : sign() - 1;
        }

        /// The largest finite value's bits.
        int largest() {
            return finite ? sign() - 2 : infinity() - 1;
        }
    }

    private Rounding() {}

    static Mode mode(List<String> parts) {
        for (String part : parts) {
            switch (part) {
                case "rz", "rzi" -> {
                    return Mode.ZERO;
                }
                case "rm", "rmi" -> {
                    return Mode.DOWN;
                }
                case "rp", "rpi" -> {
                    return Mode.UP;
                }
                case "rna" -> {
                    return Mode.AWAY;
                }
                default -> {}
            }
        }
        return Mode.NEAREST;
    }

    /// The bits of `x` in a format; beyond its range infinity or, with `saturate`, the largest
    /// value.
    static int narrow(double x, Format f, Mode mode, boolean saturate) {
        int sign = Double.doubleToRawLongBits(x) < 0 ? f.sign() : 0;
        if (Double.isNaN(x)) {
            return f.nan();
        }
        double a = Math.abs(x);
        if (Double.isInfinite(a)) {
            return sign
                    | (saturate || f.finite() ? saturate ? f.largest() : f.nan() : f.infinity());
        }
        if (a == 0) {
            return sign;
        }
        int exponent = Math.max(Math.getExponent(a), 1 - f.bias());
        double scaled = Math.scalb(a, f.mantissaBits() - exponent);
        double down = Math.floor(scaled);
        double rest = scaled - down;
        boolean negative = sign != 0;
        boolean up =
                switch (mode) {
                    case NEAREST -> rest > 0.5 || rest == 0.5 && (long) down % 2 != 0;
                    case AWAY -> rest >= 0.5;
                    case ZERO -> false;
                    case DOWN -> negative && rest > 0;
                    case UP -> !negative && rest > 0;
                };
        long mantissa = (long) down + (up ? 1 : 0);
        long bits = mantissa + ((long) (exponent + f.bias() - 1) << f.mantissaBits());
        if (bits > f.largest()) {
            boolean toLargest =
                    saturate
                            || mode == Mode.ZERO
                            || mode == Mode.DOWN && !negative
                            || mode == Mode.UP && negative;
            bits = toLargest ? f.largest() : f.finite() ? f.nan() : f.infinity();
        }
        return sign | (int) bits;
    }

    /// The value of bits in a format.
    static double widen(int bits, Format f) {
        int magnitude = bits & f.sign() - 1;
        boolean nan = f.finite() ? magnitude == f.nan() : magnitude > f.infinity();
        if (nan) {
            return Double.NaN;
        }
        double v;
        if (!f.finite() && magnitude == f.infinity()) {
            v = Double.POSITIVE_INFINITY;
        } else {
            int exponent = magnitude >> f.mantissaBits();
            long mantissa = magnitude & (1 << f.mantissaBits()) - 1;
            long whole = exponent == 0 ? mantissa : mantissa + (1L << f.mantissaBits());
            v = Math.scalb((double) whole, Math.max(exponent, 1) - f.bias() - f.mantissaBits());
        }
        return (bits & f.sign()) != 0 ? -v : v;
    }

    /// `x` as f16, to nearest.
    static int f16(float x) {
        return Float.isNaN(x) ? 0x7fff : Float.floatToFloat16(x) & 0xffff;
    }

    /// `x` as bf16, to nearest.
    static int bf16(float x) {
        int bits = Float.floatToRawIntBits(x);
        if (Float.isNaN(x)) {
            return 0x7fff;
        }
        return bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
    }

    /// A sum rounded in a direction; the error of the double addition decides ties and directions.
    static float sum(double a, double b, Mode mode) {
        double s = a + b;
        double v = s - a;
        double error = a - (s - v) + (b - v);
        return direct(s, error, mode);
    }

    /// The float next to `s + error` in a direction, where `error` is below a bit of `s`.
    static float direct(double s, double error, Mode mode) {
        float f = (float) s;
        if (Float.isNaN(f) || Double.isInfinite(s)) {
            return f;
        }
        // Compares s + error with f.
        double gap = s - (double) f;
        boolean above = Float.isInfinite(f) ? f < 0 : gap != 0 ? gap > 0 : error > 0;
        boolean below = Float.isInfinite(f) ? f > 0 : gap != 0 ? gap < 0 : error < 0;
        return switch (mode) {
            case DOWN -> below ? Math.nextDown(f) : f;
            case UP -> above ? Math.nextUp(f) : f;
            case ZERO -> {
                boolean outwards = f > 0 || f == 0 && s > 0 ? below : above;
                yield outwards ? f > 0 ? Math.nextDown(f) : Math.nextUp(f) : f;
            }
            case NEAREST, AWAY -> nearest(s, error, f);
        };
    }

    /// Undoes double rounding: `s` lies on a tie, and `error` says on which side of it the sum is.
    private static float nearest(double s, double error, float f) {
        if (error == 0 || Float.isInfinite(f)) {
            return f;
        }
        double gap = s - f;
        float other = gap > 0 ? Math.nextUp(f) : Math.nextDown(f);
        boolean tie = gap != 0 && Math.abs(other - s) == Math.abs(gap);
        return tie && error > 0 == gap > 0 ? other : f;
    }
}
