package io.chagres.train.eval;

import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Batch;
import io.chagres.train.data.BatchTensors;
import io.chagres.train.metrics.LossMeter;
import io.chagres.train.recipe.Precision;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Measures how far a model prefers chosen answers to rejected ones: the loss of direct preference
/// optimization, rewards, and how often the chosen one has the larger. Used by one thread at a
/// time.
///
/// @param model the model
/// @param reference what it is compared with; null where batches bring its log-probabilities
/// @param loss the loss
/// @param precision dtype of the products, the one in training
/// @param step arena for a forward pass, reset after each batch
public record PreferenceEvaluator(
        Transformer model,
        @Nullable Transformer reference,
        PreferenceLoss loss,
        Precision precision,
        TensorArena step) {

    /// Evaluates pairs of answers unless told to give up, which is asked before each batch.
    ///
    /// @param domains the domains of their sequences
    /// @param batches rows of chosen answers, then those of rejected ones
    /// @return the result, whose losses are those of pairs; empty when it was given up
    public Optional<Evaluation> evaluate(
            List<String> domains, Iterable<Batch> batches, BooleanSupplier giveUp) {
        var meter = new LossMeter(domains);
        double chosen = 0;
        double rejected = 0;
        long right = 0;
        for (Batch batch : batches) {
            if (giveUp.getAsBoolean()) {
                return Optional.empty();
            }
            float[][] found = step.call(() -> precision.compute(() -> figures(batch)));
            for (int i = 0; i < found[0].length; i++) {
                meter.add(batch.domain(i), found[0][i], 1, 0);
                chosen += found[1][i];
                rejected += found[2][i];
                right += found[1][i] > found[2][i] ? 1 : 0;
            }
        }
        double n = meter.all().tokens();
        return Optional.of(
                Evaluation.of(
                        meter, new Evaluation.Preferences(chosen / n, rejected / n, right / n)));
    }

    private float[][] figures(Batch batch) {
        BatchTensors in = BatchTensors.of(batch, step);
        float[] given = batch.reference();
        Transformer other = reference;
        Tensor known;
        if (given != null) {
            known = Tensor.of(step, Shape.of(given.length), given);
        } else if (other != null) {
            known = PreferenceLoss.logProbs(other.logits(in.input()), in.targets());
        } else {
            throw new IllegalStateException("nobody knows the reference's log-probabilities");
        }
        Tensor policy = PreferenceLoss.logProbs(model.logits(in.input()), in.targets());
        PreferenceLoss.Result result = loss.of(policy, known);
        return new float[][] {
            result.loss().toFloats(), result.chosen().toFloats(), result.rejected().toFloats()
        };
    }
}
