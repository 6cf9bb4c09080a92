package io.chagres.tensor;

/// Holds the interpreter bound to the running thread.
final class Bound {
    static final ScopedValue<Interpreter> CURRENT = ScopedValue.newInstance();

    private Bound() {}
}
