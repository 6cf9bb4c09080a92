package io.chagres.nn.text.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/// How one value of a format is written.
///
/// @param fill character to fill up with
/// @param align `<`, `>`, `^`, or `=` for filling between sign and digits; 0 when not given
/// @param sign `+` or a space before what is not negative, or 0
/// @param alternate `#`
/// @param width least number of characters
/// @param comma whether thousands are parted
/// @param precision digits after the point, or most characters of a string; -1 when not given
/// @param type letter, 0 when not given
record Directive(
        String fill,
        char align,
        char sign,
        boolean alternate,
        long width,
        boolean comma,
        int precision,
        char type) {
    /// Largest width and precision: no text needs more.
    static final int MOST = 10_000;

    String apply(Site site, Object value) {
        String text =
                switch (type) {
                    case 0, 's' -> {
                        if (type == 0 && value instanceof Double d && precision >= 0) {
                            throw site.error("a precision needs a type, as in '.2f'");
                        }
                        if (type == 0 && Values.isNumber(value) && !(value instanceof Boolean)) {
                            String digits = Printer.text(site, value);
                            boolean negative = digits.startsWith("-");
                            digits = negative ? digits.substring(1) : digits;
                            yield signed(negative, comma ? grouped(digits) : digits);
                        }
                        String s = Printer.text(site, value);
                        int n = s.codePointCount(0, s.length());
                        yield precision < 0 || precision >= n
                                ? s
                                : s.substring(0, s.offsetByCodePoints(0, precision));
                    }
                    case 'r' -> Printer.repr(site, value);
                    case 'd', 'i', 'u' -> integer(site, value, 10);
                    case 'x' -> integer(site, value, 16);
                    case 'X' -> Casing.upper(integer(site, value, 16));
                    case 'o' -> integer(site, value, 8);
                    case 'b' -> integer(site, value, 2);
                    case 'f', 'F' -> decimal(number(site, value));
                    case '%' -> decimal(number(site, value) * 100) + "%";
                    default ->
                            throw site.error("unsupported format character '" + type + "'");
                };
        boolean number = Values.isNumber(value) && type != 's' && type != 'r';
        return fill(site, text, number);
    }

    private String integer(Site site, Object value, int radix) {
        if (!Values.isNumber(value)) {
            Values.require(site, value);
            throw site.error(
                    "%" + type + " format: a number is required, not " + Values.typeName(value));
        }
        BigInteger whole =
                value instanceof BigInteger big
                        ? big
                        : new BigDecimal(Numbers.toDouble(value)).toBigInteger();
        whole = value instanceof Long n ? BigInteger.valueOf(n) : whole;
        String prefix =
                !alternate ? "" : radix == 16 ? "0x" : radix == 8 ? "0o" : radix == 2 ? "0b" : "";
        String digits = whole.abs().toString(radix);
        return signed(whole.signum() < 0, prefix + (comma ? grouped(digits) : digits));
    }

    private static double number(Site site, Object value) {
        if (!Values.isNumber(value)) {
            Values.require(site, value);
            throw site.error("must be real number, not " + Values.typeName(value));
        }
        return Numbers.toDouble(value);
    }

    private String decimal(double value) {
        boolean negative = value < 0 || (value == 0 && 1 / value < 0);
        if (!Double.isFinite(value)) {
            return signed(negative, Numbers.write(Math.abs(value)));
        }
        String digits =
                new BigDecimal(Math.abs(value))
                        .setScale(precision < 0 ? 6 : precision, RoundingMode.HALF_EVEN)
                        .toPlainString();
        int point = digits.indexOf('.');
        String whole = point < 0 ? digits : digits.substring(0, point);
        return signed(negative, (comma ? grouped(whole) : whole) + digits.substring(whole.length()));
    }

    private static String grouped(String digits) {
        return digits.replaceAll("(?<=^\\d{1,400})(?=(\\d{3})+(\\D|$))", ",");
    }

    private String signed(boolean negative, String digits) {
        return negative ? "-" + digits : sign == 0 ? digits : sign + digits;
    }

    private String fill(Site site, String text, boolean number) {
        char where = align != 0 ? align : number ? '>' : '<';
        if (where == '=') {
            boolean signs = !text.isEmpty() && "+- ".indexOf(text.charAt(0)) >= 0;
            String before = signs ? text.substring(0, 1) : "";
            return before
                    + Strings.pad(
                            site,
                            text.substring(before.length()),
                            width - before.length(),
                            fill,
                            Strings.Side.LEFT);
        }
        if (where == '^') {
            long missing = Math.max(0, width - text.codePointCount(0, text.length()));
            return site.made(
                    Strings.repeat(site, fill, missing / 2)
                            + text
                            + Strings.repeat(site, fill, missing - missing / 2));
        }
        return Strings.pad(
                site, text, width, fill, where == '>' ? Strings.Side.LEFT : Strings.Side.RIGHT);
    }
}
