package io.chagres.nn.moe;

import io.chagres.tensor.Tensor;

/// What a mixture's tokens choose from.
public interface ExpertLayer {
    /// Weighted sum of each token's experts: (N, hidden) → (N, hidden).
    Tensor apply(Tensor x, Routed routed);
}
