package io.chagres.nn.generate;

import java.time.Duration;
import java.util.List;

/// What a model wrote.
///
/// @param text the answer, without the prompt and the stop text
/// @param promptTokens tokens of the prompt
/// @param tokens the tokens generated, the end token included
/// @param reason why it ended
/// @param timing how long it took
public record Generation(
        String text, int promptTokens, List<ScoredToken> tokens, Reason reason, Timing timing) {
    /// Why a generation ended.
    public enum Reason {
        /// The model wrote an end token.
        EOS,
        /// It wrote a stop text.
        STOP,
        /// It reached the most tokens asked for, or that there is room for.
        LENGTH,
        /// The receiver wanted no more.
        CANCELLED
    }

    /// How long a generation took.
    ///
    /// @param queued until its prompt was begun
    /// @param firstToken until its first token, the queue included
    /// @param total until its end
    public record Timing(Duration queued, Duration firstToken, Duration total) {}

    /// Copies the list.
    public Generation {
        tokens = List.copyOf(tokens);
    }

    /// The ids of the tokens generated, the end token included.
    public int[] ids() {
        return tokens.stream().mapToInt(ScoredToken::id).toArray();
    }
}
