package io.chagres.train.recipe;

import org.jspecify.annotations.Nullable;

/// Which model is trained: a new one, or one that goes on from a checkpoint.
public sealed interface ModelRecipe {

    /// Families of decoder-only Transformers.
    enum Family {
        /// Rotary positions, RMSNorm, SwiGLU, grouped-query attention.
        LLAMA,
        /// Learned positions, LayerNorm, GELU.
        GPT2,
        /// Latent attention, mixtures of experts, multi-token prediction.
        DEEPSEEK_V3
    }

    /// A new model with random weights. Components are named as in a Hugging Face `config.json`.
    ///
    /// @param preset the preset that filled in what the recipe left out
    /// @param architecture the family
    /// @param hiddenSize width of the residual stream
    /// @param numHiddenLayers number of blocks
    /// @param numAttentionHeads number of query heads
    /// @param numKeyValueHeads number of key and value heads
    /// @param intermediateSize inner width of the feed-forward part
    /// @param vocabSize rows of the embedding, or null for the size of the tokenizer
    /// @param maxPositionEmbeddings longest sequence
    /// @param ropeTheta base of the rotary frequencies, or null when the family has none
    /// @param attention which earlier tokens are seen
    /// @param deepSeek what only DeepSeek-V3's family has; null for others
    /// @param tieWordEmbeddings whether the output layer is the transposed embedding
    record NewModel(
            String preset,
            Family architecture,
            int hiddenSize,
            int numHiddenLayers,
            int numAttentionHeads,
            int numKeyValueHeads,
            int intermediateSize,
            @Nullable Integer vocabSize,
            int maxPositionEmbeddings,
            @Nullable Double ropeTheta,
            AttentionRecipe attention,
            @Nullable DeepSeekRecipe deepSeek,
            boolean tieWordEmbeddings)
            implements ModelRecipe {}

    /// A model that continues from a checkpoint, whose `config.json` says how it is built.
    ///
    /// @param from the checkpoint's folder
    record ContinuedModel(String from) implements ModelRecipe {}
}
