package io.chagres.tensor.io;

/// Text that is not JSON, or JSON that is not what was expected: the message names the file, the
/// field and what was found there.
public final class JsonException extends FormatException {
    private static final long serialVersionUID = 1L;

    JsonException(String source, String message) {
        super(source, message);
    }

    JsonException(String source, String message, Throwable cause) {
        super(source, message, cause);
    }
}
