package io.chagres.nn.generate;

import java.util.List;

/// A token that was generated.
///
/// @param id the token
/// @param logProb the natural logarithm of the probability that the model itself gave it, before
///   any option changed or restricted it; NaN where that was not asked for
/// @param alternatives the likeliest tokens, likeliest first, as many as were asked for
public record ScoredToken(int id, float logProb, List<Alternative> alternatives) {
    /// A token that might have been generated.
    public record Alternative(int id, float logProb) {}

    /// Copies the list.
    public ScoredToken {
        alternatives = List.copyOf(alternatives);
    }

    static ScoredToken of(int id) {
        return new ScoredToken(id, Float.NaN, List.of());
    }
}
