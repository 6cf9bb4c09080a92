package io.chagres.train.loop;

import io.chagres.autograd.Cost;
import io.chagres.autograd.CostModel;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Batch;
import io.chagres.train.data.Batches;
import io.chagres.train.data.TokenDataset;
import io.chagres.train.eval.Evaluator;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.optim.GradScaler;
import io.chagres.train.recipe.Checkpointing;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TrainRecipe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// What an optimizer step will take, found by taking it with tensors that have no bytes; see
/// [CostModel].
///
/// @param parameters trained numbers
/// @param tokens targets of a step
/// @param recomputedBlocks blocks whose activations are computed again
/// @param weightBytes parameters, gradients, optimizer and what else lies in the weights arena
/// @param stepBytes the most that a step's arena has in use at once
/// @param cost operations of a step, all micro-batches and the update
public record StepPrediction(
        long parameters,
        long tokens,
        int recomputedBlocks,
        long weightBytes,
        long stepBytes,
        Cost cost) {

    /// The most bytes in use at once.
    public long peakBytes() {
        return weightBytes + stepBytes;
    }

    /// The architecture of a recipe's model. A tokenizer that is yet to be trained is taken to be
    /// as large as it may become.
    ///
    /// @throws IOException when the model or tokenizer to start from cannot be read
    public static TransformerConfig architecture(Recipe recipe) throws IOException {
        return RunModel.architecture(recipe);
    }

    /// Predicts the steps of a run, choosing the blocks whose activations are computed again as the
    /// run will.
    ///
    /// @param like backend that the run will be on
    /// @param sequenceLength tokens in a sequence
    /// @throws TrainingException when the recipe's budget of memory cannot be kept to
    public static StepPrediction of(
            Backend like, TransformerConfig config, TrainRecipe train, int sequenceLength) {
        int blocks = config.numLayers() + config.nextTokens();
        return switch (train.checkpointing()) {
            case Checkpointing.None _ -> of(like, config, train, sequenceLength, 0);
            case Checkpointing.Blocks _ -> of(like, config, train, sequenceLength, blocks);
            case Checkpointing.Budget(long bytes) ->
                    within(bytes, like, config, train, sequenceLength, blocks);
        };
    }

    /// The fewest blocks that suffice; more of them never need more memory.
    private static StepPrediction within(
            long bytes,
            Backend like,
            TransformerConfig config,
            TrainRecipe train,
            int length,
            int blocks) {
        StepPrediction best = of(like, config, train, length, blocks);
        if (best.peakBytes() > bytes) {
            throw new TrainingException(
                    ("train.checkpointing: with the activations of all %d blocks computed again a"
                                    + " step takes %,d bytes, which is more than %,d")
                            .formatted(blocks, best.peakBytes(), bytes));
        }
        int low = 0;
        while (low < best.recomputedBlocks) {
            int middle = (low + best.recomputedBlocks) / 2;
            StepPrediction tried = of(like, config, train, length, middle);
            if (tried.peakBytes() <= bytes) {
                best = tried;
            } else {
                low = middle + 1;
            }
        }
        return best;
    }

    private static StepPrediction of(
            Backend like, TransformerConfig config, TrainRecipe train, int length, int recomputed) {
        CostModel.Shapes shapes = CostModel.of(like);
        try (TensorArena weights = shapes.arena("weights");
                TensorArena step = shapes.arena("step")) {
            Transformer model =
                    TransformerBuilder.build(
                            config,
                            (path, shape, init) ->
                                    Tensor.empty(weights, new Spec(DType.F32, shape)));
            AdamWOptimizer optimizer =
                    new AdamWOptimizer(
                            Modules.parameters(model),
                            weights,
                            Workspace.options(train.optimizer()));
            if (train.samples().every() > 0) {
                SampleTexts.cache(model, weights);
            }
            Objective objective = Objective.of(train.mixtures(), model, weights);
            weights.seal();
            var training =
                    new TrainingStep(
                            model,
                            optimizer,
                            step,
                            train.precision(),
                            train.dropout(),
                            train.seed(),
                            objective,
                            recomputed,
                            null);
            TokenDataset blank = blank(train.batchSize(), length);
            Batch batch = Batches.inOrder(blank, length, train.batchSize(), 1).iterator().next();
            double scale = GradScaler.NONE.goingOn(train.precision().scalesLoss(), 2).scale();
            Cost one = cost(shapes, training, List.of(batch), scale);
            int parts = train.gradientAccumulation();
            Cost all = one;
            if (parts > 1) {
                Cost two = cost(shapes, training, List.of(batch, batch), scale);
                all = one.plus(two.plus(one, -1), parts - 1L);
            }
            if (train.evaluation().every() > 0) {
                new Evaluator(model, step)
                        .evaluate(blank, new Evaluator.Plan(length, train.batchSize(), 1));
            }
            return new StepPrediction(
                    Modules.parameterCount(model),
                    (long) train.batchSize() * parts * length,
                    recomputed,
                    weights.peak(),
                    step.peak(),
                    all);
        }
    }

    private static Cost cost(
            CostModel.Shapes shapes, TrainingStep step, List<Batch> batches, double scale) {
        shapes.clear();
        step.run(new ArrayList<>(batches), 1, 1, 0, scale);
        return shapes.cost();
    }

    private static TokenDataset blank(int sequences, int length) {
        return TokenDataset.of(new int[sequences * length + 1], 0, 1);
    }
}
