package io.chagres.nn.generate;

import org.jspecify.annotations.Nullable;

/// What one step added to an answer.
///
/// @param text text that is now certain; often empty, since a character may need several tokens and
///   a possible beginning of a stop text is held back
/// @param token the token of this step; null when only text was left
public record Piece(String text, @Nullable ScoredToken token) {}
