package io.chagres.train.recipe;

import io.chagres.train.schedule.LearningRate;
import java.util.List;

/// How the model is trained.
///
/// @param steps optimizer steps in all
/// @param batchSize sequences in a micro-batch
/// @param gradientAccumulation micro-batches in a step
/// @param learningRate the learning rate of every step
/// @param optimizer the optimizer's constants
/// @param precision dtype of the products
/// @param lossScale first factor of the loss where the precision needs one
/// @param checkpointing which activations are computed again
/// @param dropout probability of dropping an activation
/// @param seed decides initial weights and dropout
/// @param threads worker threads, 0 for one per processor
/// @param memoryLimit most bytes that the arenas may take, 0 for no limit
/// @param mixtures how mixtures of experts and multi-token prediction are trained
/// @param evaluation when and how held-out text is evaluated
/// @param samples when and from what sample texts are generated
/// @param saveEvery steps between checkpoints, 0 for one at the end only
public record TrainRecipe(
        long steps,
        int batchSize,
        int gradientAccumulation,
        LearningRate learningRate,
        Optimizer optimizer,
        Precision precision,
        double lossScale,
        Checkpointing checkpointing,
        double dropout,
        long seed,
        int threads,
        long memoryLimit,
        Mixtures mixtures,
        Evaluation evaluation,
        Samples samples,
        long saveEvery) {

    /// The same step, taken in another way.
    public TrainRecipe with(
            Precision otherPrecision,
            Optimizer.Kind kind,
            int otherBatchSize,
            int otherAccumulation,
            Checkpointing otherCheckpointing) {
        return new TrainRecipe(
                steps,
                otherBatchSize,
                otherAccumulation,
                learningRate,
                optimizer.keptAs(kind),
                otherPrecision,
                lossScale,
                otherCheckpointing,
                dropout,
                seed,
                threads,
                memoryLimit,
                mixtures,
                evaluation,
                samples,
                saveEvery);
    }

    /// The optimizer and its constants.
    ///
    /// @param kind how it keeps its state
    /// @param weightDecay decoupled weight decay
    /// @param beta1 decay of the first moment
    /// @param beta2 decay of the second moment
    /// @param eps added to the denominator
    /// @param clipNorm largest global norm of the gradients, 0 for no clipping
    public record Optimizer(
            Kind kind,
            double weightDecay,
            double beta1,
            double beta2,
            double eps,
            double clipNorm) {
        private Optimizer keptAs(Kind other) {
            return new Optimizer(other, weightDecay, beta1, beta2, eps, clipNorm);
        }

        /// How an optimizer keeps its state.
        public enum Kind {
            /// AdamW with moments in F32.
            ADAMW,
            /// AdamW with moments in 8 bits.
            ADAMW8BIT
        }
    }

    /// Training of mixtures of experts and of multi-token prediction; without effect on models that
    /// have none.
    ///
    /// @param biasRate how far the bias of a router moves per step
    /// @param sequenceLoss weight of the sequence-wise balance loss
    /// @param zLoss weight of the z-loss
    /// @param nextTokensWeight weight of multi-token prediction
    public record Mixtures(
            double biasRate, double sequenceLoss, double zLoss, double nextTokensWeight) {}

    /// Evaluation on held-out text.
    ///
    /// @param every steps between evaluations, 0 for none
    /// @param batches batches in an evaluation, 0 for all held-out text
    /// @param earlyStopPatience evaluations without a better loss before the run stops, 0 for never
    /// @param keepBest whether the checkpoint with the lowest loss is kept beside the last
    public record Evaluation(long every, int batches, int earlyStopPatience, boolean keepBest) {}

    /// Sample texts during training.
    ///
    /// @param every steps between them, 0 for none
    /// @param prompts what they begin with; none for a start from nothing
    public record Samples(long every, List<String> prompts) {
        /// Copies the list.
        public Samples {
            prompts = List.copyOf(prompts);
        }
    }
}
