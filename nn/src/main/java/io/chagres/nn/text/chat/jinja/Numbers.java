package io.chagres.nn.text.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/// Arithmetic as in Python, with integers of 64 bits: beyond them it is an error, not a wrap.
final class Numbers {
    private Numbers() {}

    static int compare(Object a, Object b) {
        if (a instanceof Double || b instanceof Double) {
            double x = toDouble(a);
            double y = toDouble(b);
            // Not a number is equal to nothing.
            return x < y ? -1 : x == y ? 0 : 1;
        }
        return toBig(a).compareTo(toBig(b));
    }

    static double toDouble(Object number) {
        return switch (number) {
            case Boolean b -> b ? 1 : 0;
            case Number n -> n.doubleValue();
            default -> throw new IllegalArgumentException("not a number: " + number);
        };
    }

    private static BigInteger toBig(Object number) {
        return switch (number) {
            case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
            case BigInteger n -> n;
            case Number n -> BigInteger.valueOf(n.longValue());
            default -> throw new IllegalArgumentException("not a number: " + number);
        };
    }

    /// The result of an operator on two numbers.
    static Object apply(Site site, String operator, Object a, Object b) {
        boolean whole = !(a instanceof Double) && !(b instanceof Double);
        boolean divides = operator.equals("/") || operator.equals("//") || operator.equals("%");
        if (divides && toDouble(b) == 0) {
            throw site.error("division by zero");
        }
        if (!whole || operator.equals("/") || (operator.equals("**") && compare(b, 0L) < 0)) {
            return apply(operator, toDouble(a), toDouble(b));
        }
        BigInteger x = toBig(a);
        BigInteger y = toBig(b);
        return switch (operator) {
            case "+" -> fit(site, x.add(y));
            case "-" -> fit(site, x.subtract(y));
            case "*" -> fit(site, x.multiply(y));
            case "//" -> fit(site, x.subtract(floorMod(x, y)).divide(y));
            case "%" -> fit(site, floorMod(x, y));
            default -> power(site, x, y);
        };
    }

    private static Double apply(String operator, double x, double y) {
        return switch (operator) {
            case "+" -> x + y;
            case "-" -> x - y;
            case "*" -> x * y;
            case "/" -> x / y;
            case "//" -> Math.floor(x / y);
            case "%" -> {
                double rest = x % y;
                yield rest != 0 && rest < 0 != y < 0 ? rest + y : rest;
            }
            default -> Math.pow(x, y);
        };
    }

    // The remainder with the sign of the divisor.
    private static BigInteger floorMod(BigInteger x, BigInteger y) {
        BigInteger rest = x.mod(y.abs());
        return rest.signum() != 0 && y.signum() < 0 ? rest.add(y) : rest;
    }

    private static Object power(Site site, BigInteger x, BigInteger y) {
        boolean small = x.bitLength() <= 1; // -2 is not small, but -1, 0 and 1 are
        if (small && !x.equals(BigInteger.valueOf(-2))) {
            return fit(site, x.pow(y.testBit(0) ? 1 : y.signum() == 0 ? 0 : 2));
        }
        if (y.bitLength() > 6) {
            throw tooLarge(site);
        }
        return fit(site, x.pow(y.intValue()));
    }

    static Object negate(Site site, Object value) {
        return value instanceof Double d ? (Object) (-d) : fit(site, toBig(value).negate());
    }

    static Object absolute(Site site, Object value) {
        return value instanceof Double d ? (Object) Math.abs(d) : fit(site, toBig(value).abs());
    }

    /// A whole number that has 64 bits.
    static Long fit(Site site, BigInteger value) {
        if (value.bitLength() > 63) {
            throw tooLarge(site);
        }
        return value.longValue();
    }

    private static JinjaException tooLarge(Site site) {
        return site.error("a whole number is beyond 64 bits");
    }

    /// A double as Python writes it: the fewest digits that tell it from others, and an exponent
    /// below 1e-4 and from 1e16 on.
    static String write(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value > 0 ? "0.0" : "-0.0";
        }
        BigDecimal exact = shortest(value);
        int exponent = exact.precision() - exact.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = exact.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String digits = exact.unscaledValue().abs().toString();
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        String power = (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "");
        return (value < 0 ? "-" : "") + digits.charAt(0) + fraction + "e" + power
                + Math.abs(exponent);
    }

    // Java writes two digits at least, so 4.9E-324 where one digit will do.
    private static BigDecimal shortest(double value) {
        BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        BigDecimal shorter = exact.round(new MathContext(1));
        return exact.precision() == 2 && shorter.doubleValue() == value
                ? shorter.stripTrailingZeros()
                : exact;
    }
}
