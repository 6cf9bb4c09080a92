package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;

/// Non-linearities of the MLP.
public enum Activation {
    /// `x · sigmoid(x)`
    SILU,
    /// `x · Φ(x)` by the error function
    GELU,
    /// GELU by its tanh approximation
    GELU_TANH,
    /// `max(x, 0)`
    RELU;

    /// The activation of every element.
    public Tensor apply(Tensor x) {
        return switch (this) {
            case SILU -> io.chagres.tensor.op.Activation.SILU.of(x);
            case GELU -> io.chagres.tensor.op.Activation.GELU.of(x);
            case GELU_TANH -> io.chagres.tensor.op.Activation.GELU_TANH.of(x);
            case RELU -> x.relu();
        };
    }
}
