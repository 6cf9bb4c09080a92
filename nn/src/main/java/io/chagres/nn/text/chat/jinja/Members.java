package io.chagres.nn.text.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What `.`, `[…]` and slices find in a value.
final class Members {
    private Members() {}

    /// `value.name`: a method or field, else an entry of a mapping.
    static Object attribute(Site site, Object value, String name) {
        Object method = method(site, value, name);
        if (method != null) {
            return method;
        }
        Object entry = value instanceof Map<?, ?> map ? map.get(name) : null;
        return entry != null ? entry : Undefined.attribute(value, name);
    }

    private static @Nullable Object method(Site site, Object value, String name) {
        Values.require(site, value);
        return switch (value) {
            case Fields fields -> fields.field(name);
            case Map<?, ?> map -> ContainerMethods.of(map, name);
            case List<?> list -> ContainerMethods.of(list, name);
            case String s -> StringMethods.of(s, name);
            default -> null;
        };
    }

    /// `value[index]`: an entry or element, else a method or field.
    static Object item(Site site, Object value, Object index) {
        Values.require(site, value);
        Object found = null;
        if (value instanceof Map<?, ?> map) {
            found = map.get(Values.key(site, index));
        } else if (index instanceof Long i && value instanceof List<?> list) {
            long at = i < 0 ? i + list.size() : i;
            found = at >= 0 && at < list.size() ? list.get((int) at) : null;
        } else if (index instanceof Long i && value instanceof String s) {
            found = character(s, i);
        }
        if (found == null && index instanceof String name) {
            found = method(site, value, name);
        }
        if (found != null) {
            return found;
        }
        return index instanceof String name
                ? Undefined.attribute(value, name)
                : new Undefined(
                        "%s object has no element %s"
                                .formatted(
                                        Values.typeName(value), Printer.repr(site, index)));
    }

    private static @Nullable Object character(String s, long index) {
        int n = s.codePointCount(0, s.length());
        long at = index < 0 ? index + n : index;
        if (at < 0 || at >= n) {
            return null;
        }
        return Character.toString(s.codePointAt(s.offsetByCodePoints(0, (int) at)));
    }

    /// `value[start:stop:step]`, where each bound may be `none`.
    static Object slice(Site site, Object value, Object start, Object stop, Object step) {
        Values.require(site, value);
        long by = bound(site, step, 1);
        if (by == 0) {
            throw site.error("slice step cannot be zero");
        }
        boolean text = value instanceof String;
        if (!text && !(value instanceof List<?>)) {
            throw site.error("'" + Values.typeName(value) + "' object cannot be sliced");
        }
        int n = Values.length(site, value);
        long least = by > 0 ? 0 : -1;
        long most = by > 0 ? n : n - 1;
        long from = clamp(bound(site, start, by > 0 ? 0 : most), start, n, least, most);
        long to = clamp(bound(site, stop, by > 0 ? n : -1), stop, n, least, most);
        if (value instanceof String s && by == 1) {
            return from >= to ? "" : site.made(cut(s, (int) from, (int) to));
        }
        List<Object> all = Values.elements(site, value);
        List<Object> part = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) {
            part.add(all.get((int) i));
        }
        if (text) {
            var out = new StringBuilder();
            part.forEach(out::append);
            return site.made(out.toString());
        }
        return value instanceof Tuple ? new Tuple(part) : part;
    }

    private static String cut(String s, int from, int to) {
        int start = s.offsetByCodePoints(0, from);
        return s.substring(start, s.offsetByCodePoints(start, to - from));
    }

    private static long bound(Site site, Object value, long absent) {
        return switch (value) {
            case None n -> absent;
            case Long n -> Math.clamp(n, -Integer.MAX_VALUE, Integer.MAX_VALUE);
            case Boolean b -> b ? 1 : 0;
            default -> throw site.error(
                    "slice indices must be integers or None, not " + Values.typeName(value));
        };
    }

    private static long clamp(long bound, Object given, int n, long least, long most) {
        long at = bound < 0 && given != None.NONE ? bound + n : bound;
        return Math.clamp(at, least, Math.max(least, most));
    }
}
