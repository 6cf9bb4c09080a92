package io.chagres.nn.generate;

import io.chagres.tensor.random.Rng;
import java.util.Collection;
import java.util.List;

/// Chooses the tokens of one answer from logits: penalties and other [LogitsProcessor]s first, then
/// the likeliest token, or a draw from those that temperature, top-k, top-p, min-p and typical-p
/// leave. Deterministic for a seed.
public final class Sampler {
    private final SamplingOptions options;
    private final List<LogitsProcessor> processors;
    private final Rng rng;
    private final TokenHistory history = new TokenHistory();
    private final Candidates candidates;

    /// A sampler at the start of its random sequence.
    public Sampler(SamplingOptions options) {
        this(options, List.of(), new Candidates());
    }

    /// A sampler at the start of its random sequence.
    ///
    /// @param endIds tokens that end a text
    /// @param candidates memory for draws, which samplers of one thread may share
    Sampler(SamplingOptions options, Collection<Integer> endIds, Candidates candidates) {
        this.options = options;
        this.processors = Processors.of(options, endIds);
        this.rng = new Rng(options.seed());
        this.candidates = candidates;
    }

    /// Makes tokens count as having occurred: the prompt.
    public void observe(int... tokens) {
        history.addPrompt(tokens);
    }

    /// Chooses a token and counts it as generated. The logits are changed.
    ///
    /// @throws IllegalStateException when the largest logit is not finite, as in a model that
    ///   diverged
    public int next(float[] logits) {
        for (LogitsProcessor processor : processors) {
            processor.process(history, logits);
        }
        int best = argMax(logits);
        float max = logits[best];
        if (!Float.isFinite(max)) {
            throw new IllegalStateException(
                    max == Float.NEGATIVE_INFINITY
                            ? "the sampling options forbid every token: the largest logit is " + max
                            : "the model's largest logit is " + max);
        }
        int token =
                options.temperature() == 0
                        ? best
                        : candidates.draw(logits, max, options, rng.nextUniform());
        history.add(token);
        return token;
    }

    /// The index of the first largest value.
    static int argMax(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }
}
