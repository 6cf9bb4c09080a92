package io.chagres.train.eval;

import io.chagres.train.metrics.LossMeter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The result of an evaluation.
///
/// @param all over everything that was evaluated
/// @param domains per domain, in the order of the dataset; those with at least one token
/// @param preferences rewards where losses are those of pairs of answers; null where they are those
///   of tokens
public record Evaluation(
        LossMeter.Total all,
        Map<String, LossMeter.Total> domains,
        @Nullable Preferences preferences) {

    /// How a model prefers chosen answers to rejected ones.
    ///
    /// @param chosen mean reward of the chosen answers
    /// @param rejected mean reward of the rejected answers
    /// @param accuracy share of pairs whose chosen answer has the larger reward
    public record Preferences(double chosen, double rejected, double accuracy) {
        /// Mean difference of the rewards.
        public double margin() {
            return chosen - rejected;
        }
    }

    /// What a meter has added up.
    static Evaluation of(LossMeter meter) {
        return of(meter, null);
    }

    /// What a meter has added up, with rewards.
    static Evaluation of(LossMeter meter, @Nullable Preferences preferences) {
        Map<String, LossMeter.Total> domains = new LinkedHashMap<>();
        for (int i = 0; i < meter.domains().size(); i++) {
            LossMeter.Total total = meter.domain(i);
            if (total.tokens() > 0) {
                domains.put(meter.domains().get(i), total);
            }
        }
        return new Evaluation(meter.all(), domains, preferences);
    }

    /// Mean negative log-likelihood per token, in nats.
    public double loss() {
        return all.loss();
    }

    /// `exp(loss)`.
    public double perplexity() {
        return all.perplexity();
    }

    /// Bits per byte of UTF-8 text, comparable between tokenizers.
    public double bitsPerByte() {
        return all.bitsPerByte();
    }
}
