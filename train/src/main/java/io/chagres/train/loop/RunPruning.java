package io.chagres.train.loop;

import io.chagres.nn.prune.Pruner;
import io.chagres.nn.prune.SparsityReport;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Tensor;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.PruningRecipe;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Prunes the model of a run. What is pruned is what is 0, so a checkpoint needs nothing more than
/// the weights to go on.
final class RunPruning {
    private final PruningRecipe recipe;
    private final Map<String, Tensor> weights;
    private double sparsity;

    private RunPruning(PruningRecipe recipe, Map<String, Tensor> weights) {
        this.recipe = recipe;
        this.weights = weights;
        sparsity = SparsityReport.of(weights).sparsity();
    }

    /// What prunes a model; null where a recipe does not.
    ///
    /// @throws TrainingException naming the weight that a pattern does not fit
    static @Nullable RunPruning of(
            @Nullable PruningRecipe recipe, Transformer model, AdamWOptimizer optimizer) {
        if (recipe == null) {
            return null;
        }
        Map<String, Tensor> weights = Pruner.weights(model);
        try {
            Pruner.check(weights, recipe.target());
        } catch (IllegalArgumentException e) {
            throw new TrainingException("pruning.pattern: " + e.getMessage());
        }
        optimizer.keepZeros(weights.keySet());
        return new RunPruning(recipe, weights);
    }

    /// Prunes what is due before a step.
    void before(long step, TrainingListener listener) {
        if (recipe.ramp().isDue(step)) {
            SparsityReport report = Pruner.prune(weights, recipe.at(step));
            sparsity = report.sparsity();
            listener.pruned(step, report, step == recipe.ramp().end());
        }
    }

    /// The part of the weights that is 0.
    double sparsity() {
        return sparsity;
    }

    /// Whether nothing more is to be pruned after so many steps.
    boolean isDone(long steps) {
        return steps > recipe.ramp().end();
    }
}
