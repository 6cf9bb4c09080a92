package io.chagres.nn.text.chat.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// The tests that `is` knows.
final class Tests {
    /// One test.
    @FunctionalInterface
    interface Test {
        boolean holds(Object value, Arguments arguments);
    }

    static final Map<String, Test> ALL = all();

    private Tests() {}

    private static Map<String, Test> all() {
        Map<String, Test> all = new HashMap<>();
        plain(all, "defined", v -> !(v instanceof Undefined));
        plain(all, "undefined", Undefined.class::isInstance);
        plain(all, "none", v -> v == None.NONE);
        plain(all, "boolean", Boolean.class::isInstance);
        plain(all, "true", Boolean.TRUE::equals);
        plain(all, "false", Boolean.FALSE::equals);
        plain(all, "integer", v -> v instanceof Number && !(v instanceof Double));
        plain(all, "float", Double.class::isInstance);
        plain(all, "number", Values::isNumber);
        plain(all, "string", String.class::isInstance);
        plain(all, "mapping", Map.class::isInstance);
        // Python asks whether a value can be iterated over and has elements by index.
        plain(all, "iterable", v -> isContainer(v) || v instanceof Undefined);
        plain(all, "sequence", v -> isContainer(v) || v instanceof Undefined);
        plain(all, "callable", Function.class::isInstance);
        plain(all, "escaped", v -> false);
        all.put("lower", (v, a) -> isCased(text(v, a), Casing.lower(text(v, a))));
        all.put("upper", (v, a) -> isCased(text(v, a), Casing.upper(text(v, a))));
        all.put("odd", (v, a) -> modulo(v, 2L, a.bind().site()) == 1);
        all.put("even", (v, a) -> modulo(v, 2L, a.bind().site()) == 0);
        all.put("divisibleby", (v, a) -> modulo(v, a.bind("num").get("num"), a.site()) == 0);
        all.put("sameas", (v, a) -> isSame(v, a.bind("other").get("other")));
        all.put("in", (v, a) -> Values.contains(a.site(), a.bind("seq").get("seq"), v));
        all.put("filter", (v, a) -> v instanceof String s && Filters.ALL.containsKey(s));
        all.put("test", (v, a) -> v instanceof String s && ALL.containsKey(s));
        comparison(all, "==", "eq", "equalto");
        comparison(all, "!=", "ne");
        comparison(all, "<", "lt", "lessthan");
        comparison(all, "<=", "le");
        comparison(all, ">", "gt", "greaterthan");
        comparison(all, ">=", "ge");
        return Map.copyOf(all);
    }

    private static void plain(Map<String, Test> all, String name, Predicate<Object> test) {
        all.put(name, (value, arguments) -> {
            var _ = arguments.bind();
            return test.test(value);
        });
    }

    private static void comparison(Map<String, Test> all, String operator, String... names) {
        for (String name : names) {
            all.put(
                    name,
                    (value, arguments) ->
                            Operators.compare(
                                    arguments.site(),
                                    operator,
                                    value,
                                    arguments.bind("other").get("other")));
        }
        all.put(operator, all.get(names[0]));
    }

    private static boolean isContainer(Object value) {
        return value instanceof String || value instanceof List || value instanceof Map;
    }

    private static String text(Object value, Arguments arguments) {
        return Printer.text(arguments.bind().site(), value);
    }

    // In one case altogether, and with letters.
    private static boolean isCased(String s, String cased) {
        return s.equals(cased) && !Casing.lower(s).equals(Casing.upper(s));
    }

    private static boolean isSame(Object a, Object b) {
        return a == b
                || (a.getClass() == b.getClass()
                        && (a instanceof Long || a instanceof Boolean || a instanceof String)
                        && a.equals(b));
    }

    private static double modulo(Object value, Object by, Site site) {
        return Numbers.toDouble(Operators.binary(site, "%", value, by));
    }
}
