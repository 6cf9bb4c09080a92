package io.chagres.nn.transformer;

import io.chagres.nn.layer.Norm;
import io.chagres.nn.layer.Projection;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Concat;

/// Looks one token further than the model or the module before it: from the hidden state of a token
/// and the embedding of the next one it makes the hidden state that predicts the one after that.
/// The head is the model's. Multi-token prediction of DeepSeek-V3, arXiv:2412.19437, section 2.2.
///
/// @param hiddenNorm of the hidden state before it
/// @param embeddingNorm of the next token's embedding
/// @param join 2 · hidden → hidden: the embedding, then the state
/// @param block the layer
/// @param finalNorm before the head
public record NextToken(
        Norm hiddenNorm, Norm embeddingNorm, Projection join, Block block, Norm finalNorm) {
    /// Hidden states before [#finalNorm].
    ///
    /// @param hidden (B, T, hidden) of the tokens
    /// @param next (B, T, hidden): embeddings of the tokens after them
    /// @param layer index of the layer: those of the model come first
    public Tensor apply(Tensor hidden, Tensor next, int layer, Pass pass) {
        int last = hidden.shape().rank() - 1;
        Tensor both = Concat.concat(last, embeddingNorm.apply(next), hiddenNorm.apply(hidden));
        return block.apply(join.apply(both), layer, pass);
    }
}
