package io.chagres.bench;

/// A library cannot compute a [Task].
public final class Unsupported extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// Says why.
    public Unsupported(String why) {
        super(why);
    }
}
