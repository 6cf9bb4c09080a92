package io.chagres.nn.generate;

/// What a model wrote.
///
/// @param text the answer, without the prompt and the stop text
/// @param promptTokens tokens of the prompt
/// @param ids the tokens generated, the end token included
/// @param reason why it ended
public record Generation(String text, int promptTokens, int[] ids, Reason reason) {
    /// Why a generation ended.
    public enum Reason {
        /// The model wrote an end token.
        EOS,
        /// It wrote a stop text.
        STOP,
        /// It reached the most tokens asked for, or that the model can see.
        LENGTH,
        /// The receiver wanted no more.
        CANCELLED
    }
}
