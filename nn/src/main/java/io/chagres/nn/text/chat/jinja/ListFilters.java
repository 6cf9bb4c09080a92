package io.chagres.nn.text.chat.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The filters of lists. Where Jinja makes a generator, these make a list.
final class ListFilters {
    private ListFilters() {}

    static Map<String, Filters.Filter> all() {
        Map<String, Filters.Filter> all = new HashMap<>();
        all.put("list", (v, a) -> Values.elements(a.bind().site(), v));
        all.put("first", (v, a) -> end(Values.elements(a.bind().site(), v), true));
        all.put("last", (v, a) -> end(Values.elements(a.bind().site(), v), false));
        all.put("reverse", ListFilters::reverse);
        all.put("join", ListFilters::join);
        all.put("map", ListFilters::map);
        all.put("select", (v, a) -> select(v, a, false, true));
        all.put("reject", (v, a) -> select(v, a, false, false));
        all.put("selectattr", (v, a) -> select(v, a, true, true));
        all.put("rejectattr", (v, a) -> select(v, a, true, false));
        all.put("sort", ListFilters::sort);
        all.put("unique", ListFilters::unique);
        all.put("groupby", ListFilters::groups);
        all.put("batch", ListFilters::batch);
        all.put("min", (v, a) -> extreme(v, a, -1));
        all.put("max", (v, a) -> extreme(v, a, 1));
        all.put("sum", ListFilters::sum);
        all.put("items", (v, a) -> items(v, a.bind().site()));
        all.put("dictsort", ListFilters::dictSort);
        return all;
    }

    private static Object end(List<Object> list, boolean first) {
        if (list.isEmpty()) {
            return new Undefined("no " + (first ? "first" : "last") + " item, sequence was empty");
        }
        return first ? list.getFirst() : list.getLast();
    }

    private static Object reverse(Object value, Arguments given) {
        Site site = given.bind().site();
        if (value instanceof String s) {
            return site.made(new StringBuilder(s).reverse().toString());
        }
        return new ArrayList<>(Values.elements(site, value).reversed());
    }

    private static Object join(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("d", "attribute");
        List<Object> parts = Values.elements(given.site(), value);
        if (arguments.has("attribute")) {
            parts.replaceAll(attribute(arguments, "attribute"));
        }
        String separator = Printer.text(given.site(), arguments.get("d", ""));
        return StringMethods.join(given.site(), parts, separator);
    }

    // What an attribute like `a.b.0` of an item is; the item itself when none is given.
    private static UnaryOperator<Object> attribute(Arguments.Bound arguments, String name) {
        Object path = arguments.get(name, None.NONE);
        if (path == None.NONE) {
            return item -> item;
        }
        return attribute(arguments.site(), path);
    }

    private static UnaryOperator<Object> attribute(Site site, Object path) {
        List<Object> steps = new ArrayList<>();
        for (String step : Printer.text(site, path).split("\\.", -1)) {
            steps.add(step.matches("\\d{1,9}") ? (Object) Long.valueOf(step) : step);
        }
        return item -> {
            Object at = item;
            for (Object step : steps) {
                at = Members.item(site, at, step);
            }
            return at;
        };
    }

    private static Object map(Object value, Arguments given) {
        List<Object> items = Values.elements(given.site(), value);
        if (given.positional().isEmpty()) {
            Arguments.Bound arguments = given.bind("attribute", "default");
            UnaryOperator<Object> attribute = attribute(given.site(), arguments.get("attribute"));
            items.replaceAll(attribute);
            if (arguments.has("default")) {
                Object absent = arguments.get("default");
                items.replaceAll(item -> item instanceof Undefined ? absent : item);
            }
            return items;
        }
        String name = Printer.text(given.site(), given.positional().getFirst());
        Arguments rest =
                new Arguments(
                        given.site(),
                        name,
                        given.positional().subList(1, given.positional().size()),
                        given.named());
        items.replaceAll(item -> Evaluator.filter(name, item, rest));
        return items;
    }

    private static Object select(
            Object value, Arguments given, boolean byAttribute, boolean wanted) {
        Site site = given.site();
        List<Object> arguments = new ArrayList<>(given.positional());
        UnaryOperator<Object> subject = item -> item;
        if (byAttribute) {
            if (arguments.isEmpty()) {
                throw site.error(given.function() + " needs the name of an attribute");
            }
            subject = attribute(site, arguments.removeFirst());
        }
        String test = arguments.isEmpty() ? "" : Printer.text(site, arguments.removeFirst());
        Arguments rest = new Arguments(site, test, arguments, given.named());
        List<Object> kept = new ArrayList<>();
        for (Object item : Values.elements(site, value)) {
            Object tested = subject.apply(item);
            boolean holds =
                    test.isEmpty()
                            ? Values.truth(tested)
                            : Evaluator.test(site, test, tested, rest);
            if (holds == wanted) {
                kept.add(item);
            }
        }
        return kept;
    }

    // Strings of different case are equal, unless told otherwise.
    private static UnaryOperator<Object> folded(Arguments.Bound arguments) {
        boolean exact = arguments.truth("case_sensitive", false);
        return key -> !exact && key instanceof String s ? Casing.lower(s) : key;
    }

    private static Comparator<Object> order(Site site) {
        return (a, b) -> {
            site.spend(1);
            return Values.compare(site, a, b, "<");
        };
    }

    private static Object sort(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("reverse", "case_sensitive", "attribute");
        Site site = given.site();
        UnaryOperator<Object> fold = folded(arguments);
        List<UnaryOperator<Object>> keys = new ArrayList<>();
        if (arguments.get("attribute", None.NONE) instanceof String several) {
            for (String one : several.split(",", -1)) {
                keys.add(attribute(site, one));
            }
        } else {
            keys.add(attribute(arguments, "attribute"));
        }
        List<Object> items = Values.elements(site, value);
        Comparator<Object> order =
                Comparator.comparing(
                        item -> {
                            List<Object> key = new ArrayList<>();
                            keys.forEach(part -> key.add(fold.apply(part.apply(item))));
                            return new Tuple(key);
                        },
                        order(site));
        items.sort(arguments.truth("reverse", false) ? order.reversed() : order);
        return items;
    }

    private static Object unique(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("case_sensitive", "attribute");
        UnaryOperator<Object> key = attribute(arguments, "attribute");
        UnaryOperator<Object> fold = folded(arguments);
        Map<Object, Object> seen = new LinkedHashMap<>();
        for (Object item : Values.elements(given.site(), value)) {
            seen.putIfAbsent(Values.key(given.site(), fold.apply(key.apply(item))), item);
        }
        return new ArrayList<>(seen.values());
    }

    private static Object groups(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("attribute", "default", "case_sensitive");
        UnaryOperator<Object> key = attribute(given.site(), arguments.get("attribute"));
        UnaryOperator<Object> fold = folded(arguments);
        Map<Object, List<Object>> groups = new HashMap<>();
        Map<Object, Object> names = new HashMap<>();
        for (Object item : Values.elements(given.site(), value)) {
            Object name = key.apply(item);
            name = name instanceof Undefined ? arguments.get("default", name) : name;
            Object folded = Values.key(given.site(), fold.apply(name));
            names.putIfAbsent(folded, name);
            groups.computeIfAbsent(folded, k -> new ArrayList<>()).add(item);
        }
        List<Object> order = new ArrayList<>(groups.keySet());
        order.sort(order(given.site()));
        List<Object> out = new ArrayList<>();
        for (Object folded : order) {
            List<Object> members = groups.getOrDefault(folded, List.of());
            out.add(Tuple.of(names.getOrDefault(folded, folded), members));
        }
        return out;
    }

    private static Object batch(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("linecount", "fill_with");
        long size = Math.max(1, arguments.integer("linecount"));
        List<Object> batches = new ArrayList<>();
        List<Object> batch = new ArrayList<>();
        for (Object item : Values.elements(given.site(), value)) {
            if (batch.size() == size) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (batch.isEmpty()) {
            return batches;
        }
        batches.add(batch);
        while (arguments.optional("fill_with").isPresent() && batch.size() < size) {
            given.site().spend(1);
            batch.add(arguments.get("fill_with"));
        }
        return batches;
    }

    private static Object extreme(Object value, Arguments given, int sign) {
        Arguments.Bound arguments = given.bind("case_sensitive", "attribute");
        UnaryOperator<Object> key = attribute(arguments, "attribute");
        UnaryOperator<Object> fold = folded(arguments);
        Object best = null;
        Object bestKey = None.NONE;
        for (Object item : Values.elements(given.site(), value)) {
            Object at = fold.apply(key.apply(item));
            if (best == null || sign * Values.compare(given.site(), at, bestKey, "<") > 0) {
                best = item;
                bestKey = at;
            }
        }
        return best != null ? best : new Undefined("no item, sequence was empty");
    }

    private static Object sum(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("attribute", "start");
        UnaryOperator<Object> key = attribute(arguments, "attribute");
        Object total = arguments.get("start", 0L);
        for (Object item : Values.elements(given.site(), value)) {
            total = Operators.binary(given.site(), "+", total, key.apply(item));
        }
        return total;
    }

    private static List<Object> items(Object value, Site site) {
        return switch (value) {
            case Undefined u -> new ArrayList<>();
            case Map<?, ?> map -> ContainerMethods.items(site, map);
            default -> throw site.error("can only get item pairs from a mapping");
        };
    }

    private static Object dictSort(Object value, Arguments given) {
        Arguments.Bound arguments = given.bind("case_sensitive", "by", "reverse");
        String by = arguments.text("by", "key");
        if (!by.equals("key") && !by.equals("value")) {
            throw given.site().error("you can only sort by either 'key' or 'value'");
        }
        UnaryOperator<Object> fold = folded(arguments);
        List<Object> pairs = items(value, given.site());
        Comparator<Object> order =
                Comparator.comparing(
                        pair -> fold.apply(((Tuple) pair).get(by.equals("key") ? 0 : 1)),
                        order(given.site()));
        pairs.sort(arguments.truth("reverse", false) ? order.reversed() : order);
        return pairs;
    }
}
