package io.chagres.tensor.op;

import io.chagres.tensor.Layout;

/// The same values as a constant: tapes do not look behind it.
public record StopGradient() implements View {
    /// The only instance needed.
    public static final StopGradient INSTANCE = new StopGradient();

    @Override
    public Layout view(Layout in) {
        return in;
    }

    @Override
    public boolean isDifferentiable() {
        return false;
    }
}
