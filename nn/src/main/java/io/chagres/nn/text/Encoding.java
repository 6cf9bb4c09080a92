package io.chagres.nn.text;

import io.chagres.nn.text.chars.TokenBuffer;

/// Tokens with the range of the text that each stands for. Ranges are indices for
/// [String#substring(int, int)]. A token that holds only some bytes of a character has the whole
/// character as its range; a special token that was added has `[0, 0)`.
public final class Encoding {
    private final int[] ids;
    private final int[] starts;
    private final int[] ends;

    Encoding(TokenBuffer tokens) {
        ids = tokens.ids();
        starts = tokens.starts();
        ends = tokens.ends();
    }

    /// Number of tokens.
    public int size() {
        return ids.length;
    }

    /// All ids, as a copy.
    public int[] ids() {
        return ids.clone();
    }

    /// Id of token `i`.
    public int id(int i) {
        return ids[i];
    }

    /// First index of token `i`'s range.
    public int start(int i) {
        return starts[i];
    }

    /// Index after the last of token `i`'s range.
    public int end(int i) {
        return ends[i];
    }
}
