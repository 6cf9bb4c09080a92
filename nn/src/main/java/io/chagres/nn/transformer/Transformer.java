package io.chagres.nn.transformer;

import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Norm;
import io.chagres.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A decoder-only Transformer, configurable from GPT-2 (learned positions, LayerNorm, GELU, tied
/// head) to Llama (rotary positions, RMSNorm, SwiGLU, grouped queries).
///
/// Radford et al. 2019; Touvron et al. 2023, arXiv:2302.13971.
///
/// @param config architecture
/// @param tokens token embedding
/// @param positions position embedding; null with rotary positions
/// @param rotary rotary positions; null with learned ones
/// @param blocks layers
/// @param finalNorm after the last layer
/// @param head hidden → vocabulary; null when tied to the token embedding
public record Transformer(
        TransformerConfig config,
        Embedding tokens,
        @Nullable Embedding positions,
        @Nullable Rotary rotary,
        List<Block> blocks,
        Norm finalNorm,
        @Nullable Linear head) {
    /// What a forward pass is given.
    ///
    /// @param ids token ids, I32 (B, T)
    /// @param positions position of each token, I32 (T) or (B, T); null means 0 … T-1
    /// @param mask which keys a query may see beyond causality, BOOL or float, broadcasting to (B,
    ///   H, T, T); null for all
    /// @param cuSeqlens offsets of sequences packed into B = 1, I32 (n + 1); null for none
    /// @param dropout probability of dropping while training
    /// @param streams randomness of dropout; null when not training
    public record Input(
            Tensor ids,
            @Nullable Tensor positions,
            @Nullable Tensor mask,
            @Nullable Tensor cuSeqlens,
            double dropout,
            @Nullable DropoutStreams streams) {
        /// Just tokens.
        public static Input of(Tensor ids) {
            return new Input(ids, null, null, null, 0, null);
        }

        /// Tokens of a training step with dropout.
        public static Input training(Tensor ids, double dropout, DropoutStreams streams) {
            return new Input(ids, null, null, null, dropout, streams);
        }
    }

    /// Logits of every position: (B, T) → (B, T, vocabulary).
    public Tensor logits(Input in) {
        return project(hidden(in, h -> {}));
    }

    /// Hidden states after the final norm, (B, T, hidden).
    ///
    /// @param observer sees the embedding's result, then each block's; the last block's is seen
    ///   after the final norm, as Hugging Face counts hidden states. Copy values out: what it is
    ///   shown is freed afterwards
    public Tensor hidden(Input in, Consumer<Tensor> observer) {
        long t = in.ids().dim(1);
        Rotary turn = rotary;
        Pass pass =
                new Pass(
                        turn == null ? null : turn.rows(in.positions(), t, tokens.dtype()),
                        in.mask(),
                        in.cuSeqlens(),
                        in.dropout(),
                        in.streams());
        return hidden(in.ids(), in.positions(), pass, observer);
    }

    /// Hidden states after the final norm with a given context, such as one with a KV cache.
    public Tensor hidden(
            Tensor ids, @Nullable Tensor positionIds, Pass pass, Consumer<Tensor> observer) {
        Tensor x = tokens.apply(ids);
        Embedding table = positions;
        if (table != null) {
            long t = ids.dim(1);
            x =
                    x.add(
                            positionIds == null
                                    ? table.first(t)
                                    : table.apply(positionIds));
        }
        x = pass.dropout(x);
        observer.accept(x);
        for (int i = 0; i < blocks.size(); i++) {
            x = blocks.get(i).apply(x, i, pass);
            if (i < blocks.size() - 1) {
                observer.accept(x);
            }
        }
        Tensor y = finalNorm.apply(x);
        observer.accept(y);
        return y;
    }

    /// Hidden states to logits: (…, hidden) → (…, vocabulary).
    public Tensor project(Tensor hidden) {
        Linear own = head;
        return own != null
                ? own.apply(hidden)
                : io.chagres.tensor.op.Linear.linear(hidden, tokens.weight(), null);
    }
}
