package io.chagres.nn.transformer;

/// How tokens know their places.
public sealed interface Positions {
    /// One learned vector per position, added to the embedding.
    record Learned() implements Positions {}

    /// Rotary embedding of queries and keys. Su et al. 2021, arXiv:2104.09864.
    ///
    /// @param theta base of the frequencies `theta^(-2i/headDim)`
    /// @param scaling how the frequencies change for long texts
    /// @param interleaved whether neighbours (x₀, x₁), (x₂, x₃), … are rotated against each other,
    ///   instead of the two halves of a head
    record Rope(double theta, RopeScaling scaling, boolean interleaved) implements Positions {
        /// Halves, without scaling.
        public Rope(double theta) {
            this(theta, new RopeScaling.None(), false);
        }
    }
}
