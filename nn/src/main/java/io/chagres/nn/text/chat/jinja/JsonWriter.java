package io.chagres.nn.text.chat.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// JSON as Python's `json.dumps` writes it.
final class JsonWriter {
    private final Site site;
    private final boolean ascii;
    private final @Nullable String indent;
    private final boolean sorted;
    private final String between;
    private final String colon;
    private final StringBuilder out = new StringBuilder();

    /// A writer.
    ///
    /// @param ascii whether all else is escaped
    /// @param indent of one level; one line when `null`
    /// @param separators what stands between items and after keys; the usual when `null`
    /// @param sorted whether keys are sorted
    JsonWriter(
            Site site,
            boolean ascii,
            @Nullable String indent,
            @Nullable List<String> separators,
            boolean sorted) {
        this.site = site;
        this.ascii = ascii;
        this.indent = indent;
        this.sorted = sorted;
        between = separators != null ? separators.getFirst() : indent == null ? ", " : ",";
        colon = separators != null ? separators.getLast() : ": ";
    }

    String write(Object value) {
        write(value, 0);
        return out.toString();
    }

    private void write(Object value, int depth) {
        site.checkDepth(depth);
        site.spend(1);
        site.reserve(value instanceof String s ? s.length() : 8);
        switch (value) {
            case None n -> out.append("null");
            case Boolean b -> out.append((boolean) b);
            case Long n -> out.append((long) n);
            case BigInteger n -> out.append(n);
            case Double d -> out.append(number(d));
            case String s -> quote(s);
            case List<?> list -> {
                out.append('[');
                String before = "";
                for (Object item : list) {
                    out.append(before);
                    line(depth + 1);
                    write(item, depth + 1);
                    before = between;
                }
                if (!list.isEmpty()) {
                    line(depth);
                }
                out.append(']');
            }
            case Map<?, ?> map -> {
                out.append('{');
                String before = "";
                for (Map.Entry<?, ?> entry : entries(map)) {
                    out.append(before);
                    line(depth + 1);
                    quote(key(entry.getKey()));
                    out.append(colon);
                    write(entry.getValue(), depth + 1);
                    before = between;
                }
                if (!map.isEmpty()) {
                    line(depth);
                }
                out.append('}');
            }
            default ->
                    throw site.error(
                            "Object of type "
                                    + Values.typeName(value)
                                    + " is not JSON serializable");
        }
    }

    private List<Map.Entry<?, ?>> entries(Map<?, ?> map) {
        List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
        if (sorted) {
            entries.sort((a, b) -> Values.compare(site, a.getKey(), b.getKey(), "<"));
        }
        return entries;
    }

    private String key(Object key) {
        return switch (key) {
            case String s -> s;
            case None n -> "null";
            case Boolean b -> b.toString();
            case Long n -> n.toString();
            case Double d -> number(d);
            default ->
                    throw site.error(
                            "keys must be str, int, float, bool or None, not "
                                    + Values.typeName(key));
        };
    }

    private static String number(double d) {
        if (Double.isNaN(d)) {
            return "NaN";
        }
        return Double.isInfinite(d) ? d > 0 ? "Infinity" : "-Infinity" : Numbers.write(d);
    }

    private void line(int depth) {
        if (indent != null) {
            site.reserve((long) indent.length() * depth);
            out.append('\n').repeat(indent, depth);
        }
    }

    private void quote(String s) {
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (c < 0x20 || (ascii && c > 0x7E)) {
                        out.append("\\u%04x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
