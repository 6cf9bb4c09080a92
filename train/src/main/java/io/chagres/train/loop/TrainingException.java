package io.chagres.train.loop;

/// A run that cannot start or cannot go on; the message says why and what to do.
public final class TrainingException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// An error with what to tell the user.
    public TrainingException(String message) {
        super(message);
    }
}
