package io.chagres.nn.attention;

import io.chagres.nn.attention.lsh.Lsh;

/// Which attention a model's layers use.
public sealed interface AttentionKind {
    /// Query heads in groups that share a key and a value head. Ainslie et al. 2023,
    /// arXiv:2305.13245.
    ///
    /// @param normalized whether each head of queries and keys goes through an RMSNorm before
    ///   rotation, as in Qwen3
    record Grouped(boolean normalized) implements AttentionKind {}

    /// Locality-sensitive hashing: one vector per head is query and key, and a token sees those
    /// earlier ones that hash near it. Kitaev et al. 2020, arXiv:2001.04451.
    ///
    /// @param lsh how tokens find each other
    record Hashed(Lsh lsh) implements AttentionKind {}

    /// Multi-head latent attention: keys and values of all heads come from one small vector per
    /// token, beside a rotated key that all heads share. DeepSeek-AI 2024, arXiv:2405.04434.
    ///
    /// @param queryRank width that queries are compressed to; 0 when they are not
    /// @param rank width that keys and values are compressed to
    /// @param plainDim width of a head's query and key without position
    /// @param rotaryDim width of a head's query and of the shared key with position
    /// @param valueDim width of a head's value
    record Latent(int queryRank, int rank, int plainDim, int rotaryDim, int valueDim)
            implements AttentionKind {
        /// Checks the sizes.
        ///
        /// @throws IllegalArgumentException naming the component at fault
        public Latent {
            positive("rank", rank);
            positive("plainDim", plainDim);
            positive("rotaryDim", rotaryDim);
            positive("valueDim", valueDim);
            if (queryRank < 0 || queryRank > MAX) {
                throw new IllegalArgumentException("queryRank must not be negative: " + queryRank);
            }
            if (rotaryDim % 2 != 0) {
                throw new IllegalArgumentException("rotaryDim must be even: " + rotaryDim);
            }
        }

        private static final int MAX = 1 << 20;

        private static void positive(String name, int value) {
            if (value < 1 || value > MAX) {
                throw new IllegalArgumentException(
                        name + " must be from 1 to " + MAX + ": " + value);
            }
        }

        /// Width of a head's query and key.
        public int queryDim() {
            return plainDim + rotaryDim;
        }

        /// Elements a token leaves in a cache.
        public int cacheDim() {
            return rank + rotaryDim;
        }
    }
}
