package io.chagres.train.recipe;

import io.chagres.train.data.ExampleFormat;

/// How examples are read: texts of their own, such as instructions with answers.
///
/// @param format how they are written
/// @param template what makes a text of a chat: `model`, `alpaca`, `chatml` or a Jinja file
/// @param lossOn what is to be predicted of them
/// @param packing whether they share a row, without seeing each other
public record ExamplesRecipe(
        ExampleFormat format, String template, LossOn lossOn, boolean packing) {
    /// What is to be predicted.
    public enum LossOn {
        /// What the assistant writes.
        COMPLETIONS,
        /// Everything.
        ALL
    }
}
