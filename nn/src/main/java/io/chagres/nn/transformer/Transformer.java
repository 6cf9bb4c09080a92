package io.chagres.nn.transformer;

import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.Norm;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.moe.MixtureOfExperts;
import io.chagres.nn.moe.RouterObserver;
import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Iota;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A decoder-only Transformer, configurable from GPT-2 (learned positions, LayerNorm, GELU, tied
/// head) over Llama (rotary positions, RMSNorm, SwiGLU, grouped queries) to DeepSeek (latent
/// attention, mixtures of experts, multi-token prediction).
///
/// Radford et al. 2019; Touvron et al. 2023, arXiv:2302.13971; DeepSeek-AI 2024, arXiv:2412.19437.
///
/// @param config architecture
/// @param tokens token embedding
/// @param positions position embedding; null with rotary positions
/// @param rotary rotary positions; null with learned ones
/// @param blocks layers
/// @param finalNorm after the last layer
/// @param head hidden → vocabulary; null when tied to the token embedding
/// @param nextTokens modules that look a token further each
/// @param prefix keys and values before those of the first token; null for none
public record Transformer(
        TransformerConfig config,
        Embedding tokens,
        @Nullable Embedding positions,
        @Nullable Rotary rotary,
        List<Block> blocks,
        Norm finalNorm,
        @Nullable Projection head,
        List<NextToken> nextTokens,
        @Nullable Prefix prefix) {
    /// What a forward pass is given.
    ///
    /// @param ids token ids, I32 (B, T)
    /// @param positions position of each token, I32 (T) or (B, T); null means 0 … T-1
    /// @param mask which keys a query may see beyond causality, BOOL or float, broadcasting to (B,
    ///   H, T, T); null for all
    /// @param cuSeqlens offsets of sequences packed into B = 1, I32 (n + 1); null for none
    /// @param dropout probability of dropping while training
    /// @param streams randomness of dropout; null when not training
    /// @param routers sees what the routers of mixtures decide; null for nobody
    public record Input(
            Tensor ids,
            @Nullable Tensor positions,
            @Nullable Tensor mask,
            @Nullable Tensor cuSeqlens,
            double dropout,
            @Nullable DropoutStreams streams,
            @Nullable RouterObserver routers) {
        /// An input without an observer of routers.
        public Input(
                Tensor ids,
                @Nullable Tensor positions,
                @Nullable Tensor mask,
                @Nullable Tensor cuSeqlens,
                double dropout,
                @Nullable DropoutStreams streams) {
            this(ids, positions, mask, cuSeqlens, dropout, streams, null);
        }

        /// The same with an observer of routers.
        public Input watched(RouterObserver observer) {
            return new Input(ids, positions, mask, cuSeqlens, dropout, streams, observer);
        }

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
        return hidden(in.ids(), positionIds(in), pass(in), observer);
    }

    /// The position of each token: what the input says, behind a prefix; null for 0 … T-1.
    public @Nullable Tensor positionIds(Input in) {
        Prefix before = prefix;
        Tensor given = in.positions();
        if (before == null) {
            return given;
        }
        Tensor own = given == null ? Iota.range(in.ids().dim(1)) : given;
        return own.shift(before.tokens());
    }

    /// The context of a forward pass over an input.
    public Pass pass(Input in) {
        Prefix before = prefix;
        Rotary turn = rotary;
        long seen = in.ids().dim(1) + (before == null ? 0 : before.tokens());
        return new Pass(
                turn == null ? null : turn.rows(positionIds(in), seen, dtype()),
                in.mask(),
                in.cuSeqlens(),
                in.dropout(),
                in.streams(),
                in.routers(),
                before == null ? null : before.rows(config.numLayers()));
    }

    /// The same model with an output head of its own.
    public Transformer withHead(Projection other) {
        return new Transformer(
                config.toBuilder().tiedHead(false).build(),
                tokens,
                positions,
                rotary,
                blocks,
                finalNorm,
                other,
                nextTokens,
                prefix);
    }

    /// The same model with other keys and values before those of the first token.
    public Transformer withPrefix(@Nullable Prefix other) {
        return new Transformer(
                config, tokens, positions, rotary, blocks, finalNorm, head, nextTokens, other);
    }

    /// The dtype the model computes in. Its matrices may be stored in a narrower one.
    public DType dtype() {
        return tokens.dtype();
    }

    /// Hidden states after the final norm with a given context, such as one with a KV cache.
    public Tensor hidden(
            Tensor ids, @Nullable Tensor positionIds, Pass pass, Consumer<Tensor> observer) {
        Tensor x = tokens.apply(ids);
        Embedding table = positions;
        if (table != null) {
            long t = ids.dim(1);
            x = x.add(positionIds == null ? table.first(t) : table.apply(positionIds));
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

    /// Hidden states, normalised, of the modules of multi-token prediction: number d, from 0, has
    /// those of the first T - 1 - d tokens, which predict the tokens d + 2 further on.
    ///
    /// @param hidden what [#hidden] returned for the same input
    /// @param pass a context for T tokens; auxiliary losses of the modules are added to it
    public List<Tensor> furtherHidden(Input in, Tensor hidden, Pass pass) {
        List<Tensor> all = new ArrayList<>();
        Tensor state = hidden;
        long t = in.ids().dim(1);
        for (int d = 0; d < nextTokens.size() && t - 1 - d > 0; d++) {
            NextToken module = nextTokens.get(d);
            long n = t - 1 - d;
            Tensor next = tokens.apply(in.ids().slice(1, d + 1L, n));
            state = module.apply(state.slice(1, 0, n), next, blocks.size() + d, pass.first(n));
            all.add(module.finalNorm().apply(state));
        }
        return all;
    }

    /// The mixtures of experts by layer, those of [#nextTokens] after the model's own.
    public Map<Integer, MixtureOfExperts> mixtures() {
        Map<Integer, MixtureOfExperts> all = new LinkedHashMap<>();
        for (int i = 0; i < blocks.size() + nextTokens.size(); i++) {
            int further = i - blocks.size();
            Block block = further < 0 ? blocks.get(i) : nextTokens.get(further).block();
            if (block.mlp() instanceof MixtureOfExperts mixture) {
                all.put(i, mixture);
            }
        }
        return all;
    }

    /// Hidden states to logits: (…, hidden) → (…, vocabulary).
    public Tensor project(Tensor hidden) {
        Projection own = head;
        return own != null ? own.apply(hidden) : tokens.project(hidden);
    }
}
