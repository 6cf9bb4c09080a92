package io.chagres.nn.generate;

import java.util.Arrays;
import java.util.BitSet;
import org.eclipse.collections.impl.map.mutable.primitive.IntIntHashMap;

/// The tokens of a prompt and of the answer so far.
public final class TokenHistory {
    private int[] tokens = new int[64];
    private int length;
    private int promptLength;
    private final BitSet seen = new BitSet();
    private final IntIntHashMap generated = new IntIntHashMap();

    TokenHistory() {}

    /// Tokens in all.
    public int length() {
        return length;
    }

    /// Tokens of the prompt.
    public int promptLength() {
        return promptLength;
    }

    /// A token, the prompt's first being number 0.
    public int token(int i) {
        if (i < 0 || i >= length) {
            throw new IndexOutOfBoundsException("token " + i + " of " + length);
        }
        return tokens[i];
    }

    void addPrompt(int... ids) {
        for (int id : ids) {
            push(id);
        }
        promptLength = length;
    }

    void add(int id) {
        push(id);
        generated.addToValue(id, 1);
    }

    private void push(int id) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
        }
        tokens[length++] = id;
        seen.set(id);
    }

    /// Tokens that occurred.
    BitSet seen() {
        return seen;
    }

    /// How often each token was generated.
    IntIntHashMap generated() {
        return generated;
    }

    /// Whether `n` tokens of `run` stand at the end.
    boolean endsWith(int[] run, int n) {
        return n <= length && Arrays.equals(tokens, length - n, length, run, 0, n);
    }

    /// Whether the `n` tokens from `at` are the newest ones.
    boolean repeatsAt(int at, int n) {
        return Arrays.equals(tokens, at, at + n, tokens, length - n, length);
    }
}
