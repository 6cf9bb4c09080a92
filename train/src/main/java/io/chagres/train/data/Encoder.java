package io.chagres.train.data;

/// Turns text into token ids, without adding special tokens.
@FunctionalInterface
public interface Encoder {
    /// The ids of a text.
    int[] encode(String text);
}
