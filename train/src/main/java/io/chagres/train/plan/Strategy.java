package io.chagres.train.plan;

import io.chagres.train.recipe.Checkpointing;
import io.chagres.train.recipe.Precision;
import io.chagres.train.recipe.TrainRecipe;

/// Ways to take the same optimizer step.
///
/// @param precision dtype of the products
/// @param optimizer how the optimizer keeps its state
/// @param batchSize sequences in a micro-batch
/// @param gradientAccumulation micro-batches in a step
/// @param checkpointing which activations are computed again
public record Strategy(
        Precision precision,
        TrainRecipe.Optimizer.Kind optimizer,
        int batchSize,
        int gradientAccumulation,
        Checkpointing checkpointing) {
    /// A recipe's own.
    public static Strategy of(TrainRecipe train) {
        return new Strategy(
                train.precision(),
                train.optimizer().kind(),
                train.batchSize(),
                train.gradientAccumulation(),
                train.checkpointing());
    }

    /// The same with other activations computed again.
    Strategy with(Checkpointing other) {
        return new Strategy(precision, optimizer, batchSize, gradientAccumulation, other);
    }

    /// The recipe that trains so.
    public TrainRecipe applyTo(TrainRecipe train) {
        return train.with(precision, optimizer, batchSize, gradientAccumulation, checkpointing);
    }
}
