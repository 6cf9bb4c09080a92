package io.chagres.train.data;

import org.jspecify.annotations.Nullable;

/// Two answers to the same prompt, one of which is better.
///
/// @param chosen the prompt with the better answer, of which alone tokens are wanted
/// @param rejected the prompt with the other answer
/// @param reference log-probabilities of both answers by a reference model; null where it is asked
///   while training
record Preference(Example chosen, Example rejected, @Nullable Reference reference) {
    /// Log-probabilities of both answers.
    record Reference(float chosen, float rejected) {}

    /// The same with what a reference model says.
    Preference with(Reference known) {
        return new Preference(chosen, rejected, known);
    }
}
