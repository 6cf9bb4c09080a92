package io.chagres.nn.transformer;

import io.chagres.nn.attention.AttentionLayer;
import io.chagres.nn.layer.Norm;
import io.chagres.nn.moe.FeedForward;
import io.chagres.tensor.Tensor;

/// One layer of a decoder, normalised before each part: x ← x + attention(norm(x)), x ← x +
/// mlp(norm(x)).
///
/// @param attentionNorm before attention
/// @param attention looks at earlier tokens
/// @param mlpNorm before the feed-forward part
/// @param mlp works on each token
public record Block(Norm attentionNorm, AttentionLayer attention, Norm mlpNorm, FeedForward mlp) {
    /// Maps (B, T, hidden) to (B, T, hidden); intermediate results are freed unless a tape keeps
    /// them.
    public Tensor apply(Tensor x, int layer, Pass pass) {
        return pass.block(() -> {
            Tensor h = attention.apply(attentionNorm.apply(x), layer, pass);
            Tensor y = x.add(pass.dropout(h));
            Tensor z = mlp.apply(mlpNorm.apply(y), r -> pass.routed(layer, r));
            return y.add(pass.dropout(z));
        });
    }
}
