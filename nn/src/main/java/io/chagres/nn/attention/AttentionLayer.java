package io.chagres.nn.attention;

import io.chagres.tensor.Tensor;

/// The part of a block that looks at other tokens.
public sealed interface AttentionLayer permits HashedAttention, LatentAttention, SelfAttention {
    /// Maps (B, T, hidden) to (B, T, hidden).
    ///
    /// @param layer which layer of the model this is
    Tensor apply(Tensor x, int layer, AttentionContext context);
}
