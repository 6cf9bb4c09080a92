package io.chagres.nn;

import io.chagres.tensor.io.JsonNode;
import java.util.Collection;

/// A model that is valid but not one of those this library can build. The message says what it asks
/// for and what there is.
public final class UnsupportedModel extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// Creates the error with its message.
    public UnsupportedModel(String message) {
        super(message);
    }

    /// Creates the error for a field whose value is not among those supported.
    public static UnsupportedModel of(JsonNode field, Collection<String> supported) {
        return new UnsupportedModel(
                field.source()
                        + ": field "
                        + field.path()
                        + ": "
                        + shorten(field.toString())
                        + " is not supported (supported: "
                        + String.join(", ", supported)
                        + ")");
    }

    private static String shorten(String s) {
        return s.length() <= 100 ? s : s.substring(0, 100) + "…";
    }
}
