package io.chagres.train.recipe;

/// Which earlier tokens a token of a new model sees.
public sealed interface AttentionRecipe {
    /// Names of the kinds.
    enum Kind {
        /// [Full].
        FULL,
        /// [Hashed].
        LSH
    }

    /// All of them, or the newest.
    ///
    /// @param slidingWindow how many of the newest tokens are seen, the token itself included; 0
    ///   for all
    record Full(int slidingWindow) implements AttentionRecipe {}

    /// Those that locality-sensitive hashing finds. Kitaev et al. 2020, arXiv:2001.04451.
    ///
    /// @param numHashes rounds of hashing
    /// @param chunkLength tokens of a chunk of sorted tokens
    /// @param numBuckets buckets of a round, a power of two; 0 for twice as many as chunks
    record Hashed(int numHashes, int chunkLength, int numBuckets) implements AttentionRecipe {}
}
