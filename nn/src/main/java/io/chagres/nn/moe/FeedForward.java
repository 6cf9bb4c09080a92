package io.chagres.nn.moe;

import io.chagres.tensor.Tensor;
import java.util.function.Consumer;

/// The part of a block that works on each token by itself.
public sealed interface FeedForward permits MixtureOfExperts, Mlp {
    /// Maps (B, T, hidden) to (B, T, hidden).
    ///
    /// @param routed sees what a router decided; not called where there is none
    Tensor apply(Tensor x, Consumer<Routed> routed);
}
