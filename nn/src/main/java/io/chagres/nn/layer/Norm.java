package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;

/// Normalisation of the last axis.
public sealed interface Norm permits LayerNorm, RmsNorm {
    /// Normalises (…, C).
    Tensor apply(Tensor x);
}
