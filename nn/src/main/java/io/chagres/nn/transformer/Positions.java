package io.chagres.nn.transformer;

/// How tokens know their places.
public sealed interface Positions {
    /// One learned vector per position, added to the embedding.
    record Learned() implements Positions {}

    /// Rotary embedding of queries and keys, the two halves of a head rotated against each other.
    /// Su et al. 2021, arXiv:2104.09864.
    ///
    /// @param theta base of the frequencies `theta^(-2i/headDim)`
    record Rope(double theta) implements Positions {}
}
