package io.chagres.train.plan;

import io.chagres.train.recipe.Checkpointing;
import io.chagres.train.recipe.FinetuneRecipe;
import io.chagres.train.recipe.Precision;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TrainRecipe;
import org.jspecify.annotations.Nullable;

/// Ways to take the same optimizer step.
///
/// @param finetune what is trained of a model that is there; null for all of it
/// @param precision dtype of the products
/// @param optimizer how the optimizer keeps its state
/// @param batchSize sequences in a micro-batch
/// @param gradientAccumulation micro-batches in a step
/// @param checkpointing which activations are computed again
public record Strategy(
        @Nullable FinetuneRecipe finetune,
        Precision precision,
        TrainRecipe.Optimizer.Kind optimizer,
        int batchSize,
        int gradientAccumulation,
        Checkpointing checkpointing) {
    /// A recipe's own.
    public static Strategy of(Recipe recipe) {
        TrainRecipe train = recipe.train();
        return new Strategy(
                recipe.finetune(),
                train.precision(),
                train.optimizer().kind(),
                train.batchSize(),
                train.gradientAccumulation(),
                train.checkpointing());
    }

    /// Whether the whole model is trained.
    public boolean isWhole() {
        return finetune == null || finetune instanceof FinetuneRecipe.Full;
    }

    /// The same with other activations computed again.
    Strategy with(Checkpointing other) {
        return new Strategy(finetune, precision, optimizer, batchSize, gradientAccumulation, other);
    }

    /// The recipe that trains so.
    public TrainRecipe applyTo(TrainRecipe train) {
        return train.with(precision, optimizer, batchSize, gradientAccumulation, checkpointing);
    }
}
