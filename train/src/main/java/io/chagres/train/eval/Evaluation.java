package io.chagres.train.eval;

import io.chagres.train.metrics.LossMeter;
import java.util.LinkedHashMap;
import java.util.Map;

/// The result of an evaluation.
///
/// @param all over everything that was evaluated
/// @param domains per domain, in the order of the dataset; those with at least one token
public record Evaluation(LossMeter.Total all, Map<String, LossMeter.Total> domains) {

    /// What a meter has added up.
    static Evaluation of(LossMeter meter) {
        Map<String, LossMeter.Total> domains = new LinkedHashMap<>();
        for (int i = 0; i < meter.domains().size(); i++) {
            LossMeter.Total total = meter.domain(i);
            if (total.tokens() > 0) {
                domains.put(meter.domains().get(i), total);
            }
        }
        return new Evaluation(meter.all(), domains);
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
