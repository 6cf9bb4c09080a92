package io.chagres.tensor.backend;

/// A device is missing or has failed. The message gives the reason.
public final class DeviceFailed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// Creates the error with its message.
    public DeviceFailed(String message) {
        super(message);
    }
}
