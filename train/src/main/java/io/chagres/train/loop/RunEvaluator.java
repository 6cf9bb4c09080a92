package io.chagres.train.loop;

import io.chagres.train.data.Batch;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.eval.Evaluator;
import io.chagres.train.eval.PreferenceEvaluator;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.recipe.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Evaluates what a run trains for.
interface RunEvaluator {
    /// The evaluation of a run.
    static RunEvaluator of(Workspace work, Precision precision) {
        Objective.Preferences wanted = work.objective().preferences();
        return wanted == null
                ? new Evaluator(work.model().model(), work.step())::evaluate
                : new PreferenceEvaluator(
                                work.model().model(),
                                wanted.reference(),
                                wanted.loss(),
                                precision,
                                work.step())
                        ::evaluate;
    }

    /// Evaluates batches unless told to give up, which is asked before each.
    ///
    /// @return the result, empty when it was given up
    Optional<Evaluation> evaluate(
            List<String> domains, Iterable<Batch> batches, BooleanSupplier giveUp);

    /// An evaluation as a line of metrics.
    static Map<String, Object> line(Evaluation found) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put(MetricsLog.VALIDATION_LOSS, found.loss());
        Evaluation.Preferences preferences = found.preferences();
        if (preferences == null) {
            line.put(MetricsLog.VALIDATION_PERPLEXITY, found.perplexity());
            line.put(MetricsLog.BITS_PER_BYTE, found.bitsPerByte());
        } else {
            line.put(MetricsLog.heldOut(MetricsLog.REWARD_CHOSEN), preferences.chosen());
            line.put(MetricsLog.heldOut(MetricsLog.REWARD_REJECTED), preferences.rejected());
            line.put(MetricsLog.heldOut(MetricsLog.REWARD_MARGIN), preferences.margin());
            line.put(MetricsLog.heldOut(MetricsLog.REWARD_ACCURACY), preferences.accuracy());
        }
        if (found.domains().size() > 1) {
            found.domains()
                    .forEach((domain, total) ->
                            line.put(
                                    MetricsLog.ofDomain(MetricsLog.VALIDATION_LOSS, domain),
                                    total.loss()));
        }
        return line;
    }
}
