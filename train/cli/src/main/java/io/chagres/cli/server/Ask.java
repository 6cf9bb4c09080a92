package io.chagres.cli.server;

import io.chagres.nn.generate.SamplingOptions;
import io.chagres.tensor.random.Rng;
import java.util.List;

/// What a client asks for.
///
/// @param chat whether it is a chat, else a completion
/// @param prompts tokens of each prompt
/// @param echoes texts to begin each prompt's answers with; empty ones when none is to be repeated
/// @param n answers to each prompt
/// @param options how to choose tokens; answer 0 has this seed
/// @param stream whether to send events
/// @param usage whether the last event counts tokens
record Ask(
        boolean chat,
        List<int[]> prompts,
        List<String> echoes,
        int n,
        SamplingOptions options,
        boolean stream,
        boolean usage) {
    /// Number of answers.
    int choices() {
        return prompts.size() * n;
    }

    /// The prompt of an answer.
    int[] prompt(int choice) {
        return prompts.get(choice / n);
    }

    /// The text an answer begins with.
    String echo(int choice) {
        return echoes.get(choice / n);
    }

    /// The options of an answer: each of a prompt's has random numbers of its own.
    SamplingOptions options(int choice) {
        int sample = choice % n;
        return sample == 0
                ? options
                : options.withSeed(new Rng(options.seed()).stream(sample).seed());
    }
}
