package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;

/// Normalisation of the last axis.
public sealed interface Norm permits LayerNorm, RmsNorm {
    /// Normalises (…, C).
    Tensor apply(Tensor x);

    /// A parameter in the dtype of x when it is stored in fewer bits than that.
    static Tensor like(Tensor x, Tensor parameter) {
        boolean fewer = parameter.dtype().bytes() < x.dtype().bytes();
        return fewer ? parameter.cast(x.dtype()) : parameter;
    }
}
