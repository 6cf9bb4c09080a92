package io.chagres.nn.json;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Walks a tree of plain Java values into a generator; see [Json#toBytes].
final class JsonTreeWriter {
    private JsonTreeWriter() {}

    static void write(JsonGenerator out, @Nullable Object value, String path) throws IOException {
        switch (value) {
            case null -> out.writeNull();
            case Map<?, ?> map -> {
                out.writeStartObject();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    String name = String.valueOf(entry.getKey());
                    out.writeFieldName(name);
                    write(out, entry.getValue(), path + "/" + name);
                }
                out.writeEndObject();
            }
            case Iterable<?> items -> {
                out.writeStartArray();
                int i = 0;
                for (Object item : items) {
                    write(out, item, path + "/" + i++);
                }
                out.writeEndArray();
            }
            case CharSequence text -> out.writeString(text.toString());
            case Boolean flag -> out.writeBoolean(flag);
            case Integer n -> out.writeNumber(n);
            case Long n -> out.writeNumber(n);
            case Float x -> out.writeNumber((float) finite(x, path));
            case Double x -> out.writeNumber(finite(x, path));
            case int[] list -> out.writeArray(list, 0, list.length);
            case long[] list -> out.writeArray(list, 0, list.length);
            case double[] list -> doubles(out, list, path);
            case float[] list -> {
                out.writeStartArray();
                for (float x : list) {
                    out.writeNumber((float) finite(x, path));
                }
                out.writeEndArray();
            }
            default ->
                    throw new IllegalArgumentException(
                            "no JSON for a " + value.getClass().getName() + " at '" + path + "'");
        }
    }

    private static void doubles(JsonGenerator out, double[] list, String path)
            throws IOException {
        out.writeStartArray();
        for (double x : list) {
            out.writeNumber(finite(x, path));
        }
        out.writeEndArray();
    }

    private static double finite(double x, String path) {
        if (!Double.isFinite(x)) {
            throw new IllegalArgumentException("JSON has no number " + x + " (at '" + path + "')");
        }
        return x;
    }
}
