package io.chagres.tensor;

/// Shapes, dtypes or axes that do not fit together. The message names the op and what it was given.
public final class ShapeMismatch extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Creates the error with its message.
    public ShapeMismatch(String message) {
        super(message);
    }
}
