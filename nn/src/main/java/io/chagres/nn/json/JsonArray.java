package io.chagres.nn.json;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A JSON array that knows where it came from; see [JsonObject].
public final class JsonArray {
    private final String source;
    private final String path;
    private final List<@Nullable Object> items;

    private JsonArray(String source, String path, List<@Nullable Object> items) {
        this.source = source;
        this.path = path;
        this.items = items;
    }

    /// Wraps a tree's list.
    ///
    /// @throws JsonException when `value` is not a list
    @SuppressWarnings("unchecked") // any list is a list of nullable objects
    public static JsonArray of(String source, String path, @Nullable Object value) {
        if (value instanceof List<?> list) {
            return new JsonArray(source, path, (List<@Nullable Object>) list);
        }
        throw new JsonException(
                source, path, "expected an array, found " + JsonObject.kind(value));
    }

    /// Number of items.
    public int size() {
        return items.size();
    }

    /// The raw item.
    public @Nullable Object get(int i) {
        return items.get(i);
    }

    /// Item `i`, which must be a string.
    public String string(int i) {
        if (items.get(i) instanceof String s) {
            return s;
        }
        throw expected(i, "a string");
    }

    /// Item `i`, which must be an integer within `int` range.
    public int integer(int i) {
        if (items.get(i) instanceof Long n && n.longValue() == n.intValue()) {
            return n.intValue();
        }
        throw expected(i, "a 32-bit integer");
    }

    /// Item `i`, which must be a number.
    public double number(int i) {
        if (items.get(i) instanceof Number n) {
            return n.doubleValue();
        }
        throw expected(i, "a number");
    }

    /// Item `i`, which must be an object.
    public JsonObject object(int i) {
        return JsonObject.of(source, pathOf(i), items.get(i));
    }

    /// Item `i`, which must be an array.
    public JsonArray array(int i) {
        return of(source, pathOf(i), items.get(i));
    }

    /// An error about one item of this array; throw it.
    public JsonException error(int i, String message) {
        return new JsonException(source, pathOf(i), message);
    }

    private JsonException expected(int i, String what) {
        return error(i, "expected " + what + ", found " + JsonObject.kind(items.get(i)));
    }

    private String pathOf(int i) {
        return path + "[" + i + "]";
    }

    @Override
    public String toString() {
        return source + ": " + path + "[" + items.size() + " items]";
    }
}
