package io.chagres.nn.text.chat.jinja;

import static java.math.RoundingMode.HALF_EVEN;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The filters of single values; [ListFilters] has those of lists.
final class Filters {
    /// One filter.
    @FunctionalInterface
    interface Filter {
        Object apply(Object value, Arguments arguments);
    }

    static final Map<String, Filter> ALL = all();

    private Filters() {}

    private static Map<String, Filter> all() {
        Map<String, Filter> all = new HashMap<>(ListFilters.all());
        all.put("default", Filters::orDefault);
        all.put("d", Filters::orDefault);
        all.put("tojson", Filters::json);
        all.put("string", (v, a) -> Printer.text(a.bind().site(), v));
        all.put("safe", (v, a) -> Printer.text(a.bind().site(), v));
        all.put("escape", (v, a) -> escape(a.bind().site(), Printer.text(a.site(), v)));
        all.put("e", all.get("escape"));
        all.put("upper", (v, a) -> a.site().made(Casing.upper(Printer.text(a.bind().site(), v))));
        all.put("lower", (v, a) -> a.site().made(Casing.lower(Printer.text(a.bind().site(), v))));
        all.put("title", (v, a) -> a.site().made(Casing.titleWords(Printer.text(a.bind().site(), v))));
        all.put("capitalize", (v, a) -> a.site().made(Strings.capitalize(Printer.text(a.bind().site(), v))));
        all.put("trim", (v, a) -> a.site().made(Strings.strip(
                Printer.text(a.site(), v), a.bind("chars").textOrNull("chars"), true, true)));
        all.put("replace", Filters::replace);
        all.put("indent", Filters::indent);
        all.put("center", (v, a) -> Strings.pad(a.site(), Printer.text(a.site(), v),
                a.bind("width").integer("width", 80), " ", Strings.Side.BOTH));
        all.put("wordcount", (v, a) ->
                (long) Strings.split(a.bind().site(), Printer.text(a.site(), v), null, -1, false).size());
        all.put("format", (v, a) -> PercentFormat.apply(a.site(), Printer.text(a.site(), v),
                a.named().isEmpty() ? new Tuple(a.positional()) : new HashMap<Object, Object>(a.named())));
        all.put("length", (v, a) -> (long) Values.length(a.bind().site(), v));
        all.put("count", all.get("length"));
        all.put("abs", (v, a) -> Numbers.absolute(a.site(), number(a.bind().site(), v)));
        all.put("int", Filters::integer);
        all.put("float", Filters::decimal);
        all.put("round", Filters::round);
        all.put("attr", (v, a) -> {
            Object found = Members.attribute(a.site(), v, a.bind("name").text("name"));
            return v instanceof Map && !(found instanceof Function)
                    ? Undefined.attribute(v, a.bind("name").text("name")) : found;
        });
        return Map.copyOf(all);
    }

    private static Object orDefault(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("default_value", "boolean");
        boolean absent =
                value instanceof Undefined
                        || (arguments.truth("boolean", false) && !Values.truth(value));
        return absent ? arguments.get("default_value", "") : value;
    }

    private static Object json(Object value, Arguments given) {
        Arguments.Bound arguments =
                given.bind("ensure_ascii", "indent", "separators", "sort_keys");
        Object indent = arguments.get("indent", None.NONE);
        @Nullable String step =
                switch (indent) {
                    case None n -> null;
                    case String s -> s;
                    default -> Strings.repeat(given.site(), " ", Math.clamp(arguments.integer("indent"), 0, 1000));
                };
        @Nullable List<String> separators = null;
        if (arguments.get("separators", None.NONE) instanceof List<?> two && two.size() == 2) {
            separators = List.of(String.valueOf(two.getFirst()), String.valueOf(two.getLast()));
        }
        return new JsonWriter(
                        given.site(),
                        arguments.truth("ensure_ascii", false),
                        step,
                        separators,
                        arguments.truth("sort_keys", false))
                .write(value);
    }

    private static String escape(Site site, String s) {
        return site.made(
                s.replace("&", "&amp;")
                        .replace("<", "&lt;")
                        .replace(">", "&gt;")
                        .replace("'", "&#39;")
                        .replace("\"", "&#34;"));
    }

    private static Object replace(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("old", "new", "count");
        Object most = arguments.get("count", None.NONE);
        return Strings.replace(
                given.site(),
                Printer.text(given.site(), value),
                Printer.text(given.site(), arguments.get("old")),
                Printer.text(given.site(), arguments.get("new")),
                most == None.NONE ? -1 : arguments.integer("count"));
    }

    private static Object indent(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("width", "first", "blank");
        Site site = given.site();
        String indention =
                arguments.get("width", 4L) instanceof String s
                        ? s
                        : Strings.repeat(site, " ", arguments.integer("width", 4));
        boolean blank = arguments.truth("blank", false);
        List<String> lines = Strings.lines(Printer.text(site, value) + "\n", false);
        List<Object> indented = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            boolean plain =
                    i == 0 ? !arguments.truth("first", false) : line.isEmpty() && !blank;
            site.reserve(line.length() + (long) indention.length());
            indented.add(plain ? line : indention + line);
        }
        return StringMethods.join(site, indented, "\n");
    }

    private static Object number(Site site, Object value) {
        if (!Values.isNumber(value)) {
            Values.require(site, value);
            throw site.error("a number is required, not " + Values.typeName(value));
        }
        return value;
    }

    private static Object integer(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("default", "base");
        Object absent = arguments.get("default", 0L);
        int base = (int) arguments.integer("base", 10);
        try {
            return switch (value) {
                case Double d -> Double.isFinite(d) && Math.abs(d) < 0x1p63 ? (Object) (long) (double) d : absent;
                case Boolean b -> b ? 1L : 0L;
                case Number n -> n;
                case String s when base == 10 && !s.strip().matches("[-+]?\\d+") ->
                        (long) Double.parseDouble(s.strip());
                case String s -> Long.parseLong(s.strip().replaceFirst("^0[xXbBoO]", ""), base);
                default -> absent;
            };
        } catch (NumberFormatException e) {
            return absent;
        }
    }

    private static Object decimal(Object value, Arguments given) {
        Object absent = given.bind("default").get("default", 0.0);
        try {
            return switch (value) {
                case String s -> Double.parseDouble(s.strip());
                case Boolean b -> b ? 1.0 : 0.0;
                case Number n -> n.doubleValue();
                default -> absent;
            };
        } catch (NumberFormatException e) {
            return absent;
        }
    }

    private static Object round(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("precision", "method");
        double number = Numbers.toDouble(number(given.site(), value));
        String method = arguments.text("method", "common");
        int precision = Math.clamp(arguments.integer("precision", 0), -300, 300);
        double power = Math.pow(10, precision);
        if (value instanceof Long n && method.equals("common")) {
            BigDecimal rounded = BigDecimal.valueOf(n).setScale(Math.min(0, precision), HALF_EVEN);
            return Numbers.fit(given.site(), rounded.toBigInteger());
        }
        return switch (method) {
            case "ceil" -> Math.ceil(number * power) / power;
            case "floor" -> Math.floor(number * power) / power;
            case "common" ->
                    Double.isFinite(number)
                            ? new BigDecimal(number)
                                    .setScale(precision, HALF_EVEN)
                                    .doubleValue()
                            : number;
            default -> throw given.site().error("round's method must be common, ceil or floor");
        };
    }
}
