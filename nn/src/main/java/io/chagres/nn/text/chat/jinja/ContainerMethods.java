package io.chagres.nn.text.chat.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Methods of mappings and lists.
final class ContainerMethods {
    private ContainerMethods() {}

    /// A method of a mapping, or `null`.
    static @Nullable Function of(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> a -> items(a.bind().site(), map);
            case "keys" -> a -> Values.elements(a.bind().site(), map);
            case "values" -> a -> values(a.bind().site(), map);
            case "get" ->
                    a -> {
                        Arguments.Bound arguments = a.bind("key", "default");
                        Object value = map.get(Values.key(a.site(), arguments.get("key")));
                        return value != null ? value : arguments.get("default", None.NONE);
                    };
            case "copy" ->
                    a -> {
                        a.bind().site().spend(map.size());
                        return new LinkedHashMap<Object, Object>(map);
                    };
            default -> null;
        };
    }

    private static List<Object> values(Site site, Map<?, ?> map) {
        site.spend(map.size());
        return new ArrayList<>(map.values());
    }

    /// Keys and values as pairs.
    static List<Object> items(Site site, Map<?, ?> map) {
        site.spend(map.size());
        List<Object> items = new ArrayList<>(map.size());
        map.forEach((key, value) -> items.add(Tuple.of(key, value)));
        return items;
    }

    /// A method of a list, or `null`. `append` is here though Hugging Face's sandbox forbids it:
    /// other evaluators allow it, and what a template changes is a copy.
    @SuppressWarnings("unchecked")
    static @Nullable Function of(List<?> list, String name) {
        return switch (name) {
            case "append" ->
                    list instanceof Tuple
                            ? null
                            : a -> {
                                Object item = a.bind("object").get("object");
                                a.site().spend(1);
                                ((List<Object>) list).add(item);
                                return None.NONE;
                            };
            case "index" ->
                    a -> {
                        Object item = a.bind("value").get("value");
                        for (int i = 0; i < list.size(); i++) {
                            if (Values.same(a.site(), list.get(i), item)) {
                                return (long) i;
                            }
                        }
                        throw a.site()
                                .error(Printer.repr(a.site(), item) + " is not in the list");
                    };
            case "count" ->
                    a -> {
                        Object item = a.bind("value").get("value");
                        return Values.elements(a.site(), list).stream()
                                .filter(one -> Values.same(a.site(), one, item))
                                .count();
                    };
            case "copy" -> list instanceof Tuple ? null : a -> Values.elements(a.site(), list);
            default -> null;
        };
    }
}
