package io.chagres.tensor.memory;

/// A tensor was used after its memory had been freed, or left the scope that owns it.
public final class StaleTensor extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /// Creates the error with its message.
    public StaleTensor(String message) {
        super(message);
    }
}
