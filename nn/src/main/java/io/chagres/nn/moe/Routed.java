package io.chagres.nn.moe;

import io.chagres.tensor.Tensor;

/// What a router decided for N = B · T tokens.
///
/// @param logits (N, E), before softmax or sigmoid
/// @param scores (N, E), after it
/// @param experts the chosen experts of each token, I32 (N, k)
/// @param weights the factors of their results, (N, k)
/// @param sequences B
public record Routed(Tensor logits, Tensor scores, Tensor experts, Tensor weights, long sequences) {
    /// Number of experts there are.
    public int expertCount() {
        return Math.toIntExact(logits.dim(1));
    }
}
