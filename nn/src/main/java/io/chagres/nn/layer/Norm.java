package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;

/// Normalisation of the last axis.
public sealed interface Norm permits LayerNorm, RmsNorm {
    /// Scale, (C).
    Tensor weight();

    /// Normalises (…, C).
    Tensor apply(Tensor x);
}
