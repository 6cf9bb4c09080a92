package io.chagres.tensor.io;

/// A file whose content breaks the rules of its format. The message names the file and the field.
/// Trouble in reaching the file at all (missing, no permission, disk full) is an
/// [java.io.IOException] instead.
public class FormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String source;

    /// Creates the error.
    ///
    /// @param source the file at fault, as it is shown to the user
    /// @param message what is wrong, without the file
    public FormatException(String source, String message) {
        super(source + ": " + message);
        this.source = source;
    }

    /// Creates the error with the exception that revealed it.
    public FormatException(String source, String message, Throwable cause) {
        super(source + ": " + message, cause);
        this.source = source;
    }

    /// The file at fault.
    public String source() {
        return source;
    }
}
