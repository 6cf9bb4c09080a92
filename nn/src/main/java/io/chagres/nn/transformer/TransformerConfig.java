package io.chagres.nn.transformer;

import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.layer.Activation;
import io.chagres.nn.moe.MoeConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Everything that decides the shape and the arithmetic of a decoder-only Transformer, whatever
/// family it comes from: GPT-2 style (learned positions, LayerNorm, GELU, biases), Llama style
/// (RoPE, RMSNorm, gated MLP, grouped queries) and DeepSeek style (latent attention, mixtures of
/// experts) are settings of it.
///
/// Immutable; change a copy with [#toBuilder]. [Presets] has complete ones.
///
/// @param architecture the family, by Hugging Face's `model_type`: `llama`, `qwen2`, `gpt2`, …
/// @param vocabSize number of tokens
/// @param hiddenSize width of the residual stream
/// @param numLayers number of blocks
/// @param numHeads query heads
/// @param numKvHeads key and value heads; each serves `numHeads / numKvHeads` query heads
/// @param headDim width of one head's query and key
/// @param intermediateSize width inside the MLP
/// @param maxPositionEmbeddings longest sequence
/// @param norm which normalisation
/// @param normEps the eps of the normalisation
/// @param activation non-linearity of the MLP
/// @param gatedMlp `down(silu(gate(x)) * up(x))` if true, else `down(activation(up(x)))`
/// @param positions how tokens know their places
/// @param attention which attention the layers use
/// @param moe mixtures of experts in place of MLPs, or `null`
/// @param nextTokens how many modules look a token further each (multi-token prediction)
/// @param qkvBias whether query, key and value projections have a bias; with latent attention, the
///   projections that compress
/// @param outBias whether the attention's output projection has a bias
/// @param mlpBias whether the MLP's projections have a bias
/// @param tiedHead whether the output head is the token embedding
/// @param slidingWindow how many tokens back attention sees, itself included; 0 for all
/// @param initializerRange standard deviation of fresh weights
/// @param bosId token that starts a text, or `null`
/// @param eosIds tokens that end one
/// @param padId token that fills up a batch, or `null`
public record TransformerConfig(
        String architecture,
        int vocabSize,
        int hiddenSize,
        int numLayers,
        int numHeads,
        int numKvHeads,
        int headDim,
        int intermediateSize,
        int maxPositionEmbeddings,
        NormType norm,
        double normEps,
        Activation activation,
        boolean gatedMlp,
        Positions positions,
        AttentionKind attention,
        @Nullable MoeConfig moe,
        int nextTokens,
        boolean qkvBias,
        boolean outBias,
        boolean mlpBias,
        boolean tiedHead,
        int slidingWindow,
        double initializerRange,
        @Nullable Integer bosId,
        List<Integer> eosIds,
        @Nullable Integer padId) {

    // Far beyond any model, and small enough that no product of them overflows a long.
    private static final int MAX_VOCAB = 1 << 24;
    private static final int MAX_HIDDEN = 1 << 20;
    private static final int MAX_LAYERS = 1 << 14;
    private static final int MAX_HEADS_WIDTH = 1 << 24;
    private static final int MAX_INTERMEDIATE = 1 << 24;
    private static final int MAX_POSITIONS = 1 << 28;
    private static final int MAX_NEXT_TOKENS = 64;

    /// Checks that the parts fit together.
    ///
    /// @throws IllegalArgumentException naming the component at fault
    public TransformerConfig {
        within("vocabSize", vocabSize, 1, MAX_VOCAB);
        within("hiddenSize", hiddenSize, 1, MAX_HIDDEN);
        within("numLayers", numLayers, 1, MAX_LAYERS);
        within("numHeads", numHeads, 1, MAX_HEADS_WIDTH);
        within("numKvHeads", numKvHeads, 1, numHeads);
        within("headDim", headDim, 1, MAX_HEADS_WIDTH / numHeads);
        within("intermediateSize", intermediateSize, 1, MAX_INTERMEDIATE);
        within("maxPositionEmbeddings", maxPositionEmbeddings, 1, MAX_POSITIONS);
        within("slidingWindow", slidingWindow, 0, Integer.MAX_VALUE);
        check(
                numHeads % numKvHeads == 0,
                "numHeads " + numHeads + " is not a multiple of numKvHeads " + numKvHeads);
        check(
                !gatedMlp || activation == Activation.SILU,
                "a gated MLP needs activation SILU: " + activation);
        check(Double.isFinite(normEps) && normEps > 0, "normEps must be positive: " + normEps);
        check(
                Double.isFinite(initializerRange) && initializerRange >= 0,
                "initializerRange must not be negative: " + initializerRange);
        within("nextTokens", nextTokens, 0, MAX_NEXT_TOKENS);
        if (positions instanceof Positions.Rope rope) {
            double theta = rope.theta();
            check(headDim % 2 == 0, "headDim must be even for rotary positions: " + headDim);
            check(Double.isFinite(theta) && theta > 0, "rope theta must be positive: " + theta);
        }
        if (attention instanceof AttentionKind.Latent latent) {
            check(positions instanceof Positions.Rope, "latent attention needs rotary positions");
            check(numKvHeads == numHeads, "latent attention needs numKvHeads = numHeads");
            check(slidingWindow == 0, "latent attention has no slidingWindow");
            check(
                    headDim == latent.queryDim(),
                    "headDim " + headDim + " must be plainDim + rotaryDim " + latent.queryDim());
        }
        if (attention instanceof AttentionKind.Hashed) {
            check(numKvHeads == numHeads, "attention by hashing needs numKvHeads = numHeads");
            check(slidingWindow == 0, "attention by hashing has no slidingWindow");
        }
        check(moe == null || (gatedMlp && !mlpBias), "experts are gated MLPs without biases");
        eosIds = List.copyOf(eosIds);
        token("bosId", bosId, vocabSize);
        token("padId", padId, vocabSize);
        for (int id : eosIds) {
            token("eosIds", id, vocabSize);
        }
    }

    private static void within(String name, int value, int min, int max) {
        check(
                value >= min && value <= max,
                name + " must be from " + min + " to " + max + ": " + value);
    }

    private static void token(String name, @Nullable Integer id, int vocabSize) {
        check(
                id == null || (id >= 0 && id < vocabSize),
                name + ": token " + id + " is outside the vocabulary of " + vocabSize);
    }

    private static void check(boolean ok, String message) {
        if (!ok) {
            throw new IllegalArgumentException(message);
        }
    }

    /// Width of all query heads together.
    public int queryWidth() {
        return numHeads * headDim;
    }

    /// Width of all key heads, or all value heads, together.
    public int kvWidth() {
        return numKvHeads * headDim;
    }

    /// Width of the part of a head that rotary positions turn.
    public int rotaryDim() {
        return attention instanceof AttentionKind.Latent latent ? latent.rotaryDim() : headDim;
    }

    /// Whether a layer, or a module of multi-token prediction after them, is a mixture of experts.
    public boolean isMixture(int layer) {
        return moe != null && moe.isMixture(layer);
    }

    /// Number of weights of the model, a tied head counted once; modules of multi-token prediction
    /// are not counted.
    public long parameterCount() {
        long h = hiddenSize;
        long norms = norm == NormType.LAYER_NORM ? 2 * h : h;
        long embeddings = vocabSize * h * (tiedHead ? 1 : 2);
        if (positions instanceof Positions.Learned) {
            embeddings += maxPositionEmbeddings * h;
        }
        long total = embeddings + norms;
        for (int i = 0; i < numLayers; i++) {
            total += attentionCount() + feedForwardCount(i) + 2 * norms;
        }
        return total;
    }

    private long attentionCount() {
        long h = hiddenSize;
        long biases = (qkvBias ? queryWidth() + 2L * kvWidth() : 0) + (outBias ? h : 0);
        return switch (attention) {
            case AttentionKind.Grouped(boolean normalized) ->
                    h * (queryWidth() + 2L * kvWidth())
                            + (long) queryWidth() * h
                            + biases
                            + (normalized ? 2L * headDim : 0);
            case AttentionKind.Hashed hashed ->
                    3L * h * queryWidth() + (qkvBias ? 2L * queryWidth() : 0) + (outBias ? h : 0);
            case AttentionKind.Latent a -> {
                long down = a.cacheDim();
                long rank = a.queryRank();
                long query = rank == 0 ? h * queryWidth() : rank * (h + 1 + queryWidth());
                long keys = h * down + a.rank();
                long heads = (long) a.rank() * numHeads * (a.plainDim() + a.valueDim());
                long out = (long) numHeads * a.valueDim() * h;
                long bias = (qkvBias ? down + rank : 0) + (outBias ? h : 0);
                yield query + keys + heads + out + bias;
            }
        };
    }

    private long feedForwardCount(int layer) {
        long h = hiddenSize;
        MoeConfig m = moe;
        if (m != null && m.isMixture(layer)) {
            long each = 3L * m.intermediateSize() * h;
            return (m.experts() + (long) m.sharedExperts()) * each + m.experts() * h;
        }
        long inner = gatedMlp ? 2L * intermediateSize : intermediateSize;
        return h * inner + (long) intermediateSize * h + (mlpBias ? inner + h : 0);
    }

    /// A builder that starts from this configuration. What follows from other values here
    /// (`headDim` from width and heads, the MLP's width, as many key as query heads) follows them
    /// in the copy too, unless it is set.
    public TransformerConfigBuilder toBuilder() {
        return new TransformerConfigBuilder(this);
    }
}
