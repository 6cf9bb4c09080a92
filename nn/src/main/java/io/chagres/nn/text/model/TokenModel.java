package io.chagres.nn.text.model;

import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.TokenBuffer;

/// Turns pieces of text into tokens. Safe for all threads.
public interface TokenModel {
    /// Appends the tokens of every piece, with their source ranges when `out` is tracked (the text
    /// then is too).
    void encode(Pieces pieces, TokenBuffer out);

    /// The tokens this model knows.
    Vocabulary vocabulary();
}
