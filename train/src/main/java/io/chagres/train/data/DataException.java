package io.chagres.train.data;

/// Training data that cannot be found, read or used. The message names the file, and the line where
/// there is one.
public final class DataException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// An error in the data.
    public DataException(String message) {
        super(message);
    }

    /// An error in the data with its cause.
    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
