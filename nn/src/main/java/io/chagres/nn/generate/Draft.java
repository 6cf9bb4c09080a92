package io.chagres.nn.generate;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;

/// What the draft head, a model's first module of multi-token prediction, knows of a sequence: the
/// hidden states of its newest tokens, which wait for the tokens that follow them, and the guess.
final class Draft {
    /// No guess.
    static final int NONE = -1;

    private float[] hidden = {};
    private int rows;
    private int token = NONE;

    /// Tokens at the end of the sequence that the head has not seen.
    int rows() {
        return rows;
    }

    /// The guess at what follows the next token, or [#NONE].
    int token() {
        return token;
    }

    /// Takes the hidden states of the newest tokens, (1, tokens, hidden), from a pass.
    void keep(Tensor states) {
        int size = Math.toIntExact(states.shape().size());
        if (hidden.length < size) {
            hidden = new float[size];
        }
        TensorData.read(states, hidden);
        rows = Math.toIntExact(states.dim(1));
        token = NONE;
    }

    /// Forgets the newest tokens but one: they were guessed wrongly.
    void keepFirst() {
        rows = 1;
    }

    /// Copies the kept states.
    void copyTo(float[] target, int at, int size) {
        System.arraycopy(hidden, 0, target, at, size);
    }

    /// The head has seen all and guessed.
    void guess(int guess) {
        rows = 0;
        token = guess;
    }
}
