package io.chagres.tensor.memory;

/// An arena would have grown beyond its byte limit. The message lists who holds the most.
public final class BudgetExceeded extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// Creates the error with its message.
    public BudgetExceeded(String message) {
        super(message);
    }
}
