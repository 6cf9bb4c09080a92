package io.chagres.nn.text.chat.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What Python does with values of mixed types: truth, equality, order, iteration.
final class Values {
    private Values() {}

    /// Copies a value of Java, as JSON readers make it, into one of templates.
    ///
    /// @throws IllegalArgumentException for a type that templates do not know
    static Object of(@Nullable Object value) {
        return switch (value) {
            case null -> None.NONE;
            case String s -> s;
            case Boolean b -> b;
            case Long n -> n;
            case Double d -> d;
            case BigInteger n -> n;
            case Integer n -> n.longValue();
            case Short n -> n.longValue();
            case Float f -> f.doubleValue();
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                map.forEach((k, v) -> copy.put(of(k), of(v)));
                yield copy;
            }
            case Iterable<?> list -> {
                List<Object> copy = new ArrayList<>();
                list.forEach(item -> copy.add(of(item)));
                yield copy;
            }
            default ->
                    throw new IllegalArgumentException(
                            "a template cannot take a " + value.getClass().getName());
        };
    }

    static String typeName(Object value) {
        return switch (value) {
            case None n -> "NoneType";
            case Undefined u -> "Undefined";
            case Boolean b -> "bool";
            case Long n -> "int";
            case BigInteger n -> "int";
            case Double d -> "float";
            case String s -> "str";
            case Tuple t -> "tuple";
            case List<?> list -> "list";
            case Map<?, ?> map -> "dict";
            case Fields.Namespace ns -> "Namespace";
            case Fields fields -> "LoopContext";
            default -> "function";
        };
    }

    static boolean truth(Object value) {
        return switch (value) {
            case None n -> false;
            case Undefined u -> false;
            case Boolean b -> b;
            case Long n -> n != 0;
            case Double d -> d != 0;
            case String s -> !s.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            default -> true;
        };
    }

    static boolean isNumber(Object value) {
        return value instanceof Number || value instanceof Boolean;
    }

    static boolean same(Site site, Object a, Object b) {
        return same(site, a, b, 0);
    }

    private static boolean same(Site site, Object a, Object b, int depth) {
        site.checkDepth(depth);
        if (a == b) {
            return true;
        }
        if (isNumber(a) && isNumber(b)) {
            return Numbers.compare(a, b) == 0;
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            site.spend(x.size());
            if (x instanceof Tuple != y instanceof Tuple || x.size() != y.size()) {
                return false;
            }
            for (int i = 0; i < x.size(); i++) {
                if (!same(site, x.get(i), y.get(i), depth + 1)) {
                    return false;
                }
            }
            return true;
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            site.spend(x.size());
            if (x.size() != y.size()) {
                return false;
            }
            for (Map.Entry<?, ?> entry : x.entrySet()) {
                Object other = y.get(entry.getKey());
                if (other == null || !same(site, entry.getValue(), other, depth + 1)) {
                    return false;
                }
            }
            return true;
        }
        return a.equals(b);
    }

    /// Negative, zero or positive as `a` comes before, with or after `b`.
    ///
    /// @param operator for the error when the two have no order
    static int compare(Site site, Object a, Object b, String operator) {
        return compare(site, a, b, operator, 0);
    }

    private static int compare(Site site, Object a, Object b, String operator, int depth) {
        site.checkDepth(depth);
        if (isNumber(a) && isNumber(b)) {
            return Numbers.compare(a, b);
        }
        if (a instanceof String x && b instanceof String y) {
            return Strings.compare(x, y);
        }
        if (a instanceof List<?> x
                && b instanceof List<?> y
                && x instanceof Tuple == y instanceof Tuple) {
            site.spend(Math.min(x.size(), y.size()));
            for (int i = 0; i < x.size() && i < y.size(); i++) {
                if (!same(site, x.get(i), y.get(i), depth + 1)) {
                    return compare(site, x.get(i), y.get(i), operator, depth + 1);
                }
            }
            return Integer.compare(x.size(), y.size());
        }
        require(site, a);
        require(site, b);
        throw site.error(
                "'%s' not supported between instances of '%s' and '%s'"
                        .formatted(operator, typeName(a), typeName(b)));
    }

    /// Makes using an undefined value an error.
    static Object require(Site site, Object value) {
        if (value instanceof Undefined undefined) {
            throw site.error(undefined.reason());
        }
        return value;
    }

    /// Whether `item` is in a list, is a key of a mapping or a part of a string.
    static boolean contains(Site site, Object container, Object item) {
        return switch (container) {
            case String s -> {
                require(site, item);
                if (!(item instanceof String part)) {
                    throw site.error(
                            "'in <string>' requires string as left operand, not "
                                    + typeName(item));
                }
                yield s.contains(part);
            }
            case Map<?, ?> map -> map.containsKey(key(site, item));
            case Undefined u -> false;
            case List<?> list -> {
                site.spend(list.size());
                for (Object one : list) {
                    if (same(site, one, item)) {
                        yield true;
                    }
                }
                yield false;
            }
            default ->
                    throw site.error(
                            "argument of type '" + typeName(container) + "' is not iterable");
        };
    }

    /// A value as the key of a mapping.
    static Object key(Site site, Object value) {
        return switch (value) {
            case Tuple t -> t;
            case List<?> list -> throw site.error("unhashable type: 'list'");
            case Map<?, ?> map -> throw site.error("unhashable type: 'dict'");
            case Double d when d == Math.rint(d) && Math.abs(d) < 1L << 53 -> (long) (double) d;
            default -> value;
        };
    }

    /// The elements to iterate over, in a list of its own: the container may change meanwhile.
    static List<Object> elements(Site site, Object value) {
        List<Object> elements = new ArrayList<>();
        Iterator<?> from =
                switch (value) {
                    case List<?> list -> list.iterator();
                    case Map<?, ?> map -> map.keySet().iterator();
                    case Undefined u -> List.of().iterator();
                    case String s -> Strings.characters(s).iterator();
                    default ->
                            throw site.error("'" + typeName(value) + "' object is not iterable");
                };
        from.forEachRemaining(elements::add);
        site.spend(elements.size());
        return elements;
    }

    static int length(Site site, Object value) {
        return switch (value) {
            case String s -> s.codePointCount(0, s.length());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Undefined u -> 0;
            default -> throw site.error("object of type '" + typeName(value) + "' has no len()");
        };
    }
}
