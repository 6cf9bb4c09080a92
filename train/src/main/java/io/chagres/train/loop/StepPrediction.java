package io.chagres.train.loop;

import io.chagres.autograd.Cost;
import io.chagres.autograd.CostModel;
import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Batch;
import io.chagres.train.data.Batches;
import io.chagres.train.data.TokenDataset;
import io.chagres.train.eval.Evaluator;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.optim.GradScaler;
import io.chagres.train.recipe.Checkpointing;
import io.chagres.train.recipe.FinetuneRecipe;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TokenizerRecipe.GivenTokenizer;
import io.chagres.train.recipe.TrainRecipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What an optimizer step will take, found by taking it with tensors that have no bytes; see
/// [CostModel].
///
/// @param parameters numbers of the model, those of an adapter included
/// @param trained those that are trained
/// @param tokens targets of a step
/// @param recomputedBlocks blocks whose activations are computed again
/// @param weightBytes parameters, gradients, optimizer and what else lies in the weights arena
/// @param stepBytes the most that a step's arena has in use at once
/// @param cost operations of a step, all micro-batches and the update
public record StepPrediction(
        long parameters,
        long trained,
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

    /// Predicts the steps of a run that trains a whole model, choosing the blocks whose activations
    /// are computed again as the run will.
    ///
    /// @param like backend that the run will be on
    /// @param sequenceLength tokens in a sequence
    /// @throws TrainingException when the recipe's budget of memory cannot be kept to
    public static StepPrediction of(
            Backend like, TransformerConfig config, TrainRecipe train, int sequenceLength) {
        Maker fresh =
                (backend, weights, files) -> {
                    Transformer model =
                            TransformerBuilder.build(
                                    config,
                                    (path, shape, init) ->
                                            Tensor.empty(weights, new Spec(DType.F32, shape)));
                    return Subject.whole(model);
                };
        return new Prediction(like, fresh, train, sequenceLength).chosen(blocks(config));
    }

    /// Predicts the steps of a run that trains a whole model or an adapter, which begins as it does
    /// in the run. The weights of a frozen model stay in their file, which is not counted.
    ///
    /// @param like backend that the run will be on
    /// @param config architecture of the model
    /// @param recipe what is trained, and on sequences of what length
    /// @param finetune what is trained instead of what the recipe says; null for the whole model
    /// @param train how, instead of what the recipe says
    /// @throws TrainingException when the budget of memory cannot be kept to
    /// @throws io.chagres.nn.UnsupportedModel when the adapter does not fit the model
    public static StepPrediction of(
            Backend like,
            TransformerConfig config,
            Recipe recipe,
            @Nullable FinetuneRecipe finetune,
            TrainRecipe train) {
        int length = recipe.data().sequenceLength();
        if (finetune == null || finetune instanceof FinetuneRecipe.Full) {
            return of(like, config, train, length);
        }
        DType stored = stored(recipe);
        Maker adapted =
                (backend, weights, files) -> {
                    Transformer base =
                            TransformerBuilder.build(
                                    config,
                                    (path, shape, init) ->
                                            Tensor.empty(
                                                    files,
                                                    new Spec(
                                                            shape.rank() < 2 ? DType.F32 : stored,
                                                            shape)));
                    RunAdapter made =
                            Objects.requireNonNull(
                                    RunAdapter.of(
                                            finetune,
                                            base,
                                            text -> tokens(recipe, text),
                                            weights,
                                            backend,
                                            train.seed()));
                    return Subject.adapted(base, made);
                };
        return new Prediction(like, adapted, train, length).chosen(blocks(config));
    }

    /// What the matrices of a model to go on from are stored in; F32 where that is not known.
    private static DType stored(Recipe recipe) {
        if (recipe.model() instanceof ContinuedModel(String from)) {
            try (SafeTensors file = HfCheckpoint.open(Path.of(from))) {
                return file.names().stream()
                        .map(file::spec)
                        .filter(s -> s.shape().rank() == 2 && s.dtype().isNarrow())
                        .map(Spec::dtype)
                        .findFirst()
                        .orElse(DType.F32);
            } catch (IOException e) {
                return DType.F32;
            }
        }
        return DType.F32;
    }

    private static int[] tokens(Recipe recipe, String text) {
        if (recipe.tokenizer() instanceof GivenTokenizer(String path)) {
            try {
                return Tokenizer.load(Path.of(path)).encode(text, true);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new IllegalStateException("an adapter is for a model with a tokenizer");
    }

    /// Predicts the steps of a run that trains some tensors of a model that is there.
    ///
    /// @param trained those tensors by name
    /// @throws TrainingException when the recipe's budget of memory cannot be kept to
    static StepPrediction of(
            Backend like,
            Transformer model,
            Map<String, Tensor> trained,
            TrainRecipe train,
            int sequenceLength) {
        Maker mirror = (backend, weights, files) -> mirror(model, trained, weights, files);
        return new Prediction(like, mirror, train, sequenceLength).chosen(blocks(model.config()));
    }

    private static int blocks(TransformerConfig config) {
        return config.numLayers() + config.nextTokens();
    }

    /// What is trained, as shapes.
    ///
    /// @param model the model
    /// @param training the same for training
    /// @param parameters number of its weights
    /// @param trained those of its tensors that are trained, by name
    /// @param adapter the adapter whose they are; null where there is none
    private record Subject(
            Transformer model,
            Transformer training,
            long parameters,
            Map<String, Tensor> trained,
            @Nullable Adapter adapter) {
        static Subject whole(Transformer model) {
            return part(model, Modules.parameters(model));
        }

        static Subject part(Transformer model, Map<String, Tensor> trained) {
            return new Subject(model, model, Modules.parameterCount(model), trained, null);
        }

        static Subject adapted(Transformer base, RunAdapter made) {
            Adapter adapter = made.adapter();
            return new Subject(
                    adapter.attach(made.base()),
                    adapter.attachForTraining(made.base()),
                    Modules.parameterCount(base) + size(adapter.parameters()),
                    adapter.parameters(),
                    adapter);
        }

        static long size(Map<String, Tensor> tensors) {
            return tensors.values().stream().mapToLong(t -> t.shape().size()).sum();
        }

        boolean isWhole() {
            return adapter == null && trained.size() == Modules.parameters(model).size();
        }
    }

    /// Makes a subject.
    private interface Maker {
        /// @param backend of shapes
        /// @param weights where its tensors go
        /// @param files where those go that lie in mapped files
        Subject make(Backend backend, TensorArena weights, TensorArena files);
    }

    private static Subject mirror(
            Transformer model,
            Map<String, Tensor> trained,
            TensorArena weights,
            TensorArena files) {
        Map<Tensor, Tensor> shapes = new IdentityHashMap<>();
        Transformer same =
                Modules.mapTensors(
                        model,
                        t -> {
                            boolean mapped = t.storage().serial() == 0;
                            Tensor shape = Tensor.empty(mapped ? files : weights, t.spec());
                            shapes.put(t, shape);
                            return shape;
                        });
        Map<String, Tensor> wanted = new LinkedHashMap<>();
        trained.forEach((name, t) -> wanted.put(name, Objects.requireNonNull(shapes.get(t), name)));
        return Subject.part(same, wanted);
    }

    /// Takes the step.
    ///
    /// @param like backend that the run will be on
    /// @param maker makes what is trained
    /// @param train how
    /// @param length tokens in a sequence
    private record Prediction(Backend like, Maker maker, TrainRecipe train, int length) {
        StepPrediction chosen(int blocks) {
            return switch (train.checkpointing()) {
                case Checkpointing.None _ -> of(0);
                case Checkpointing.Blocks _ -> of(blocks);
                case Checkpointing.Budget(long bytes) -> within(bytes, blocks);
            };
        }

        /// The fewest blocks that suffice; more of them never need more memory.
        private StepPrediction within(long bytes, int blocks) {
            StepPrediction best = of(blocks);
            if (best.peakBytes() > bytes) {
                throw new TrainingException(
                        ("train.checkpointing: with the activations of all %d blocks computed again"
                                        + " a step takes %,d bytes, which is more than %,d")
                                .formatted(blocks, best.peakBytes(), bytes));
            }
            int low = 0;
            while (low < best.recomputedBlocks) {
                int middle = (low + best.recomputedBlocks) / 2;
                StepPrediction tried = of(middle);
                if (tried.peakBytes() <= bytes) {
                    best = tried;
                } else {
                    low = middle + 1;
                }
            }
            return best;
        }

        private StepPrediction of(int recomputed) {
            CostModel.Shapes shapes = CostModel.of(like);
            try (TensorArena files = shapes.arena("files");
                    TensorArena weights = shapes.arena("weights");
                    TensorArena step = shapes.arena("step")) {
                Subject subject = maker.make(shapes, weights, files);
                return StepPrediction.of(shapes, subject, weights, step, train, length, recomputed);
            }
        }
    }

    private static StepPrediction of(
            CostModel.Shapes shapes,
            Subject subject,
            TensorArena weights,
            TensorArena step,
            TrainRecipe train,
            int length,
            int recomputed) {
        Transformer model = subject.model;
        AdamWOptimizer optimizer =
                new AdamWOptimizer(subject.trained, weights, Workspace.options(train.optimizer()));
        if (train.samples().every() > 0) {
            SampleTexts.cache(model, weights);
        }
        Objective objective =
                subject.isWhole()
                        ? Objective.of(train.mixtures(), model, weights)
                        : Objective.NEXT_TOKEN;
        weights.seal();
        var training =
                new TrainingStep(
                        subject.training,
                        optimizer,
                        step,
                        train.precision(),
                        train.dropout(),
                        train.seed(),
                        objective,
                        recomputed,
                        subject.adapter);
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
                subject.parameters,
                Subject.size(subject.trained),
                (long) train.batchSize() * parts * length,
                recomputed,
                weights.peak(),
                step.peak(),
                all);
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
