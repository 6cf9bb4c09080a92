package io.chagres.tensor.io;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One value of a JSON text and where it stands there, so that a wrong one can be named.
///
/// The accessors with a key read a field of an object. Those that take a value for `absent` return
/// it when the field is missing or `null`; the others throw then.
public final class JsonNode {
    private static final int SHOWN = 40;

    private final @Nullable Object value;
    private final String source;
    private final @Nullable JsonNode parent;
    private final Object step;

    private JsonNode(
            @Nullable Object value, String source, @Nullable JsonNode parent, Object step) {
        this.value = value;
        this.source = source;
        this.parent = parent;
        this.step = step;
    }

    static JsonNode root(@Nullable Object value, String source) {
        return new JsonNode(value, source, null, "");
    }

    /// The value itself, of the types that [Json] lists.
    public @Nullable Object value() {
        return value;
    }

    /// The file, or what else the text came from.
    public String source() {
        return source;
    }

    /// Where the value stands, like `model.merges[3]`; empty at the root.
    public String path() {
        if (parent == null) {
            return "";
        }
        String above = parent.path();
        if (step instanceof Integer i) {
            return above + "[" + i + "]";
        }
        String key = (String) step;
        boolean plain = key.matches("[A-Za-z0-9_-]{1,80}");
        if (!plain) {
            return above + "[" + quote(key) + "]";
        }
        return above.isEmpty() ? key : above + "." + key;
    }

    /// An error about this value, to throw.
    public JsonException error(String message) {
        String path = path();
        String at = path.isEmpty() ? "" : "field " + path + ": ";
        return new JsonException(source, at + message);
    }

    private JsonException expected(String what) {
        return error("expected " + what + ", found " + describe(value));
    }

    /// Whether this is `null`.
    public boolean isNull() {
        return value == null;
    }

    /// Whether this object has the field and it is not `null`.
    public boolean has(String key) {
        return map().get(key) != null;
    }

    /// Whether this object has the field, be it `null`.
    public boolean contains(String key) {
        return map().containsKey(key);
    }

    /// A field, or `null` when it is missing or `null`.
    public @Nullable JsonNode find(String key) {
        Object v = map().get(key);
        return v == null ? null : new JsonNode(v, source, this, key);
    }

    /// A field that must be there; its value may be `null`.
    public JsonNode get(String key) {
        Map<?, ?> map = map();
        JsonNode child = new JsonNode(map.get(key), source, this, key);
        if (child.value == null && !map.containsKey(key)) {
            throw child.error("missing");
        }
        return child;
    }

    /// A text field.
    public String string(String key) {
        return get(key).asString();
    }

    /// A text field, or `absent`.
    public String string(String key, String absent) {
        JsonNode n = find(key);
        return n == null ? absent : n.asString();
    }

    /// A field with a whole number.
    public long integer(String key) {
        return get(key).asLong();
    }

    /// A field with a whole number, or `absent`.
    public long integer(String key, long absent) {
        JsonNode n = find(key);
        return n == null ? absent : n.asLong();
    }

    /// A field with a whole number between `min` and `max`.
    public int intIn(String key, int min, int max) {
        return get(key).asInt(min, max);
    }

    /// A field with a whole number between `min` and `max`, or `absent`.
    public int intIn(String key, int min, int max, int absent) {
        JsonNode n = find(key);
        return n == null ? absent : n.asInt(min, max);
    }

    /// A field with a finite number.
    public double number(String key) {
        return get(key).asDouble();
    }

    /// A field with a finite number, or `absent`.
    public double number(String key, double absent) {
        JsonNode n = find(key);
        return n == null ? absent : n.asDouble();
    }

    /// A true or false field.
    public boolean bool(String key) {
        return get(key).asBool();
    }

    /// A true or false field, or `absent`.
    public boolean bool(String key, boolean absent) {
        JsonNode n = find(key);
        return n == null ? absent : n.asBool();
    }

    /// The elements of a list field.
    public List<JsonNode> list(String key) {
        return get(key).asList();
    }

    /// The elements of a list field, none when it is missing or `null`.
    public List<JsonNode> listOrEmpty(String key) {
        JsonNode n = find(key);
        return n == null ? List.of() : n.asList();
    }

    /// A field that is an object.
    public JsonNode object(String key) {
        JsonNode n = get(key);
        n.map();
        return n;
    }

    /// This text.
    public String asString() {
        if (value instanceof String s) {
            return s;
        }
        throw expected("string");
    }

    /// This whole number. `2.0` is not one.
    public long asLong() {
        if (value instanceof Long n) {
            return n;
        }
        throw expected(value instanceof BigInteger ? "an integer of 64 bits" : "integer");
    }

    /// This whole number, which must lie between `min` and `max`.
    public int asInt(int min, int max) {
        long n = asLong();
        if (n < min || n > max) {
            throw expected("integer from " + min + " to " + max);
        }
        return (int) n;
    }

    /// This number as a double; it must be finite.
    public double asDouble() {
        if (value instanceof Number n && Double.isFinite(n.doubleValue())) {
            return n.doubleValue();
        }
        throw expected(value instanceof Number ? "a finite number" : "number");
    }

    /// This true or false.
    public boolean asBool() {
        if (value instanceof Boolean b) {
            return b;
        }
        throw expected("boolean");
    }

    /// The elements of this list.
    public List<JsonNode> asList() {
        if (!(value instanceof List<?> list)) {
            throw expected("list");
        }
        List<JsonNode> nodes = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            nodes.add(new JsonNode(list.get(i), source, this, i));
        }
        return nodes;
    }

    /// The fields of this object in the order of the file.
    public Map<String, JsonNode> fields() {
        Map<String, JsonNode> nodes = new LinkedHashMap<>();
        map().forEach((k, v) -> nodes.put((String) k, new JsonNode(v, source, this, k)));
        return nodes;
    }

    /// Whether this is text.
    public boolean isString() {
        return value instanceof String;
    }

    /// Whether this is a list.
    public boolean isList() {
        return value instanceof List;
    }

    /// Whether this is an object.
    public boolean isObject() {
        return value instanceof Map;
    }

    /// Whether this is a whole number of at most 64 bits.
    public boolean isInteger() {
        return value instanceof Long;
    }

    private Map<?, ?> map() {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw expected("object");
    }

    /// The value as JSON in one line.
    @Override
    public String toString() {
        return Json.line(value);
    }

    private static String describe(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case String s -> "string " + quote(s);
            case Boolean b -> "boolean " + b;
            case Long n -> "integer " + n;
            case BigInteger n -> "integer " + shorten(n.toString());
            case Number n -> "number " + n;
            case List<?> list -> "list of " + list.size();
            default -> "object";
        };
    }

    /// A text in quotes, shortened and without control characters, for messages.
    static String quote(String s) {
        String shown = shorten(s);
        StringBuilder text = new StringBuilder(shown.length() + 2).append('"');
        for (int i = 0; i < shown.length(); i++) {
            char c = shown.charAt(i);
            text.append(Character.isISOControl(c) ? '?' : c);
        }
        return text.append('"').toString();
    }

    private static String shorten(String s) {
        return s.length() <= SHOWN ? s : s.substring(0, SHOWN) + "…";
    }
}
