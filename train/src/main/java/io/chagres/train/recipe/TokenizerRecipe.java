package io.chagres.train.recipe;

/// Where the tokenizer comes from.
public sealed interface TokenizerRecipe {
    /// A byte-level BPE tokenizer that is trained on the corpus first.
    ///
    /// @param vocabSize number of tokens
    /// @param minFrequency how often a pair must occur to be merged
    record TrainedTokenizer(int vocabSize, int minFrequency) implements TokenizerRecipe {}

    /// A tokenizer that is there already.
    ///
    /// @param path a `tokenizer.json`, or a folder that has one
    record GivenTokenizer(String path) implements TokenizerRecipe {}
}
