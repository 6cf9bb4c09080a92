package io.chagres.nn.text.split;

/// A hand-written equivalent of one well-known splitting expression: where the expression's
/// matches, and the gaps between them, end.
@FunctionalInterface
interface Scanner {
    /// End of the piece that starts at `from`.
    ///
    /// @param text valid UTF-16
    /// @param from start of a piece, less than `to`
    /// @param to end of the text that the expression may see
    /// @return an index greater than `from`, at most `to`
    int next(char[] text, int from, int to);
}
