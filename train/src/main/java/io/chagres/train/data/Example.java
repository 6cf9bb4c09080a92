package io.chagres.train.data;

/// A text of its own to learn from, of which some tokens are to be predicted. Arrays are not
/// changed.
///
/// @param ids its tokens, at least two
/// @param wanted which of them are to be predicted; the first never is
/// @param domain index of its domain
/// @param bytes UTF-8 bytes that the tokens to be predicted stand for
record Example(int[] ids, boolean[] wanted, int domain, double bytes) {
    /// Inputs that it takes in a row: all tokens but the last.
    int targets() {
        return ids.length - 1;
    }

    /// Number of tokens to be predicted.
    int valid() {
        int n = 0;
        for (int i = 1; i < wanted.length; i++) {
            n += wanted[i] ? 1 : 0;
        }
        return n;
    }
}
