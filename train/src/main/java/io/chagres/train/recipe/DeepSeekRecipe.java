package io.chagres.train.recipe;

/// What a new model of DeepSeek-V3's family has beside Llama's: latent attention, mixtures of
/// experts and multi-token prediction. Components are named as in a Hugging Face `config.json`.
///
/// @param qLoraRank width that queries are compressed to, 0 when they are not
/// @param kvLoraRank width that keys and values are compressed to
/// @param qkNopeHeadDim width of a head's query and key without position
/// @param qkRopeHeadDim width of a head's query and key with position
/// @param vHeadDim width of a head's value
/// @param routedExperts experts to choose from, 0 for plain MLPs
/// @param expertsPerToken how many a token chooses
/// @param moeIntermediateSize inner width of an expert
/// @param sharedExperts experts that every token has
/// @param firstDense layers at the bottom with a plain MLP
/// @param groups groups of experts
/// @param topGroups groups a token chooses from
/// @param scalingFactor factor of the chosen experts' weights
/// @param nextTokens modules that predict a token further each
public record DeepSeekRecipe(
        int qLoraRank,
        int kvLoraRank,
        int qkNopeHeadDim,
        int qkRopeHeadDim,
        int vHeadDim,
        int routedExperts,
        int expertsPerToken,
        int moeIntermediateSize,
        int sharedExperts,
        int firstDense,
        int groups,
        int topGroups,
        double scalingFactor,
        int nextTokens) {}
