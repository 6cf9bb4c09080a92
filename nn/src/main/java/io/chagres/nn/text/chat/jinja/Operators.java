package io.chagres.nn.text.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/// Operators on values.
final class Operators {
    private Operators() {}

    static Object unary(Site site, String operator, Object value) {
        if (operator.equals("not")) {
            return !Values.truth(value);
        }
        if (!Values.isNumber(value)) {
            Values.require(site, value);
            throw site.error(
                    "bad operand type for unary " + operator + ": '" + Values.typeName(value) + "'");
        }
        Object negative = Numbers.negate(site, value);
        return operator.equals("-") ? negative : Numbers.negate(site, negative);
    }

    static Object binary(Site site, String operator, Object a, Object b) {
        if (operator.equals("~")) {
            return site.made(Printer.text(site, a) + Printer.text(site, b));
        }
        if (operator.equals("%") && a instanceof String format) {
            return PercentFormat.apply(site, format, b);
        }
        if (Values.isNumber(a) && Values.isNumber(b)) {
            return Numbers.apply(site, operator, a, b);
        }
        if (operator.equals("+")) {
            if (a instanceof String x && b instanceof String y) {
                return site.made(x + y);
            }
            if (a instanceof List<?> x
                    && b instanceof List<?> y
                    && x instanceof Tuple == y instanceof Tuple) {
                site.spend(x.size() + (long) y.size());
                List<Object> both = new ArrayList<>(x);
                both.addAll(y);
                return x instanceof Tuple ? new Tuple(both) : both;
            }
        }
        if (operator.equals("*")) {
            if (isWhole(b) && (a instanceof String || a instanceof List)) {
                return repeat(site, a, (long) Numbers.toDouble(b));
            }
            if (isWhole(a) && (b instanceof String || b instanceof List)) {
                return repeat(site, b, (long) Numbers.toDouble(a));
            }
        }
        Values.require(site, a);
        Values.require(site, b);
        throw site.error(
                "unsupported operand type(s) for %s: '%s' and '%s'"
                        .formatted(operator, Values.typeName(a), Values.typeName(b)));
    }

    private static boolean isWhole(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    private static Object repeat(Site site, Object value, long times) {
        if (value instanceof String s) {
            return Strings.repeat(site, s, times);
        }
        List<?> list = (List<?>) value;
        List<Object> all = new ArrayList<>();
        for (long i = 0; i < times && !list.isEmpty(); i++) {
            site.spend(list.size());
            all.addAll(list);
        }
        return value instanceof Tuple ? new Tuple(all) : all;
    }

    static boolean compare(Site site, String operator, Object a, Object b) {
        return switch (operator) {
            case "==" -> Values.same(site, a, b);
            case "!=" -> !Values.same(site, a, b);
            case "in" -> Values.contains(site, b, a);
            case "not in" -> !Values.contains(site, b, a);
            default -> {
                int order = Values.compare(site, a, b, operator);
                yield switch (operator) {
                    case "<" -> order < 0;
                    case "<=" -> order <= 0;
                    case ">" -> order > 0;
                    default -> order >= 0;
                };
            }
        };
    }
}
