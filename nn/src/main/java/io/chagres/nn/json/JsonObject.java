package io.chagres.nn.json;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A JSON object that knows where it came from, so that a missing or mistyped field is reported
/// with its file and path. A field whose value is `null` counts as absent.
public final class JsonObject {
    private final String source;
    private final String path;
    private final Map<String, @Nullable Object> fields;

    private JsonObject(String source, String path, Map<String, @Nullable Object> fields) {
        this.source = source;
        this.path = path;
        this.fields = fields;
    }

    /// Wraps a tree's map.
    ///
    /// @throws JsonException when `value` is not a map
    @SuppressWarnings("unchecked") // Json builds maps with string names only
    public static JsonObject of(String source, String path, @Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return new JsonObject(source, path, (Map<String, @Nullable Object>) map);
        }
        throw new JsonException(source, path, "expected an object, found " + kind(value));
    }

    /// Name of the document, usually its file.
    public String source() {
        return source;
    }

    /// Path of this object inside the document; empty at the top level.
    public String path() {
        return path;
    }

    /// All fields, in document order; do not modify.
    public Map<String, @Nullable Object> fields() {
        return Collections.unmodifiableMap(fields);
    }

    /// Names of all fields, in document order.
    public Set<String> names() {
        return Collections.unmodifiableSet(fields.keySet());
    }

    /// Whether the field is present and not `null`.
    public boolean has(String name) {
        return fields.get(name) != null;
    }

    /// The raw value, `null` when absent.
    public @Nullable Object get(String name) {
        return fields.get(name);
    }

    /// A string that must be present.
    public String string(String name) {
        return cast(String.class, name, required(name), "a string");
    }

    /// A string, or `fallback` when absent.
    public String string(String name, String fallback) {
        return has(name) ? string(name) : fallback;
    }

    /// A string, or `null` when absent.
    public @Nullable String stringOrNull(String name) {
        return has(name) ? string(name) : null;
    }

    /// An integer within `int` range that must be present.
    public int integer(String name) {
        long value = longInteger(name);
        if (value != (int) value) {
            throw error(name, value + " does not fit 32 bits");
        }
        return (int) value;
    }

    /// As [#integer(String)], or `fallback` when absent.
    public int integer(String name, int fallback) {
        return has(name) ? integer(name) : fallback;
    }

    /// An integer that must be present.
    public long longInteger(String name) {
        return cast(Long.class, name, required(name), "an integer");
    }

    /// A number that must be present; integers count.
    public double number(String name) {
        return cast(Number.class, name, required(name), "a number").doubleValue();
    }

    /// As [#number(String)], or `fallback` when absent.
    public double number(String name, double fallback) {
        return has(name) ? number(name) : fallback;
    }

    /// A boolean that must be present.
    public boolean bool(String name) {
        return cast(Boolean.class, name, required(name), "a boolean");
    }

    /// As [#bool(String)], or `fallback` when absent.
    public boolean bool(String name, boolean fallback) {
        return has(name) ? bool(name) : fallback;
    }

    /// An object that must be present.
    public JsonObject object(String name) {
        return of(source, pathOf(name), required(name));
    }

    /// An object, or `null` when absent.
    public @Nullable JsonObject objectOrNull(String name) {
        return has(name) ? object(name) : null;
    }

    /// An array that must be present.
    public JsonArray array(String name) {
        return JsonArray.of(source, pathOf(name), required(name));
    }

    /// An array, empty when absent.
    public JsonArray arrayOrEmpty(String name) {
        return has(name) ? array(name) : JsonArray.of(source, pathOf(name), List.of());
    }

    /// An error about one field of this object; throw it.
    public JsonException error(String name, String message) {
        return new JsonException(source, pathOf(name), message);
    }

    private String pathOf(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private Object required(String name) {
        Object value = fields.get(name);
        if (value == null) {
            throw error(name, "the field is missing");
        }
        return value;
    }

    private <T> T cast(Class<T> type, String name, Object value, String expected) {
        if (!type.isInstance(value)) {
            throw error(name, "expected " + expected + ", found " + kind(value));
        }
        return type.cast(value);
    }

    static String kind(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case Map<?, ?> _ -> "an object";
            case List<?> _ -> "an array";
            case String s ->
                    "the string \"" + (s.length() > 40 ? s.substring(0, 40) + "…" : s) + "\"";
            default -> String.valueOf(value);
        };
    }

    @Override
    public String toString() {
        return source + ": " + path + fields.keySet();
    }
}
