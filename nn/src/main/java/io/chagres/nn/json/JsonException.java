package io.chagres.nn.json;

/// A JSON document that is malformed, or does not hold what its reader expects. The message starts
/// with the file and, where one is known, the path of the field at fault, such as
/// `tokenizer.json: model.merges[3]: …`.
public final class JsonException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// @param source name of the document, usually its file name
    /// @param path path of the field at fault, empty for the whole document
    /// @param message what is wrong with it
    public JsonException(String source, String path, String message) {
        super(describe(source, path, message));
    }

    JsonException(String source, String path, String message, Throwable cause) {
        super(describe(source, path, message), cause);
    }

    private static String describe(String source, String path, String message) {
        return path.isEmpty() ? source + ": " + message : source + ": " + path + ": " + message;
    }
}
