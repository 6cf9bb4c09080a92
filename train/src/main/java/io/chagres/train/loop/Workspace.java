package io.chagres.train.loop;

import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.loss.Distillation;
import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.ArenaOptions;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.checkpoint.CheckpointMismatch;
import io.chagres.train.checkpoint.TrainerState;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.ExampleCorpus;
import io.chagres.train.data.ExampleEncoder;
import io.chagres.train.data.ExampleTemplates;
import io.chagres.train.data.PreferenceCorpus;
import io.chagres.train.data.TokenizedCorpus;
import io.chagres.train.data.TrainingData;
import io.chagres.train.loop.TrainingListener.Phase;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Checkpointing;
import io.chagres.train.recipe.DataRecipe;
import io.chagres.train.recipe.DistillationRecipe;
import io.chagres.train.recipe.ExamplesRecipe;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TokenizerRecipe.GivenTokenizer;
import io.chagres.train.recipe.TrainRecipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All that a run works with, prepared before its first step.
///
/// @param tokenizer the tokenizer
/// @param data the text as tokens
/// @param weights arena of parameters, gradients and moments, sealed
/// @param step arena of a single pass
/// @param model the model
/// @param teacher whom it learns from; null for nobody
/// @param optimizer its optimizer
/// @param recomputedBlocks blocks whose activations are computed again
/// @param objective what is trained besides the next token
/// @param template what made texts of chats; null where there were none
/// @param samples what writes sample texts; null when none are wanted
/// @param state where the run stands
record Workspace(
        RunTokenizer tokenizer,
        TrainingData data,
        TensorArena weights,
        TensorArena step,
        RunModel model,
        @Nullable Teacher teacher,
        AdamWOptimizer optimizer,
        int recomputedBlocks,
        Objective objective,
        @Nullable ExampleTemplates template,
        @Nullable SampleTexts samples,
        TrainerState state)
        implements AutoCloseable {

    /// Prepares a new run or one that goes on from a checkpoint.
    static Workspace open(
            Recipe recipe,
            RunFolder folder,
            Backend backend,
            @Nullable Checkpoint from,
            TrainingListener listener)
            throws IOException {
        RunTokenizer tokenizer =
                from == null
                        ? RunTokenizer.of(recipe, folder.tokenizer(), listener)
                        : saved(from, recipe);
        listener.preparing(Phase.DATA, 0, -1);
        ExamplesRecipe examples = recipe.data().examples();
        ExampleTemplates template =
                examples == null
                        ? null
                        : ExampleTemplates.find(
                                examples.template(), modelFolder(recipe), tokenizer.tokenizer());
        TrainingData data =
                examples == null || template == null
                        ? TokenizedCorpus.prepare(
                                Corpus.open(recipe.data().sources()),
                                recipe.data().heldOut(),
                                tokenizer.encoding(),
                                folder.tokens())
                        : examples(recipe, examples, template, tokenizer, listener);
        if (from != null && !data.key().equals(from.state().dataKey())) {
            throw new CheckpointMismatch(
                    "data.sources", "the text is not the one the checkpoint was trained on");
        }
        listener.preparing(Phase.MODEL, 0, -1);
        long limit = recipe.train().memoryLimit();
        long most = limit == 0 ? Long.MAX_VALUE : limit;
        TensorArena weights = backend.arena("weights", ArenaOptions.of(0).withLimit(most));
        try {
            RunModel model = RunModel.of(recipe, tokenizer, weights, backend, from);
            Teacher teacher = null;
            try {
                teacher = Teacher.of(recipe, tokenizer, backend);
                return fill(
                        recipe,
                        tokenizer,
                        compared(recipe, data, model, backend),
                        template,
                        model,
                        teacher,
                        weights,
                        backend,
                        most,
                        from);
            } catch (IOException | RuntimeException e) {
                model.close();
                if (teacher != null) {
                    teacher.close();
                }
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    private static @Nullable Path modelFolder(Recipe recipe) {
        return recipe.model() instanceof ContinuedModel(String from) ? Path.of(from) : null;
    }

    /// Preferences with what the model says of them before it is trained, unless it stays there
    /// beneath an adapter.
    private static TrainingData compared(
            Recipe recipe, TrainingData data, RunModel model, Backend backend) throws IOException {
        return data instanceof PreferenceCorpus pairs
                        && model.adapter() == null
                        && recipe.model() instanceof ContinuedModel(String base)
                ? References.known(pairs, Path.of(base), backend, recipe.train().precision())
                : data;
    }

    private static TrainingData examples(
            Recipe recipe,
            ExamplesRecipe wanted,
            ExampleTemplates template,
            RunTokenizer tokenizer,
            TrainingListener listener) {
        DataRecipe data = recipe.data();
        var encoder =
                new ExampleEncoder(
                        tokenizer.tokenizer(),
                        tokenizer.eosId(),
                        template.template(),
                        wanted.lossOn() == ExamplesRecipe.LossOn.COMPLETIONS);
        int length = data.sequenceLength();
        if (recipe.preference() != null) {
            PreferenceCorpus pairs =
                    PreferenceCorpus.prepare(data.sources(), encoder, data.heldOut(), length);
            warn(pairs.cut(), pairs.dropped(), listener);
            return pairs;
        }
        var options =
                new ExampleCorpus.Options(
                        wanted.format(), data.heldOut(), length, wanted.packing());
        ExampleCorpus corpus = ExampleCorpus.prepare(data.sources(), encoder, options);
        warn(corpus.cut(), corpus.dropped(), listener);
        return corpus;
    }

    private static void warn(long cut, long dropped, TrainingListener listener) {
        if (cut > 0) {
            listener.warned(
                    "%d examples are longer than data.sequence_length and were cut".formatted(cut));
        }
        if (dropped > 0) {
            listener.warned(
                    "%d examples were left out: nothing in them is to be predicted"
                            .formatted(dropped));
        }
    }

    private static Workspace fill(
            Recipe recipe,
            RunTokenizer tokenizer,
            TrainingData data,
            @Nullable ExampleTemplates template,
            RunModel model,
            @Nullable Teacher teacher,
            TensorArena weights,
            Backend backend,
            long most,
            @Nullable Checkpoint from)
            throws IOException {
        TrainRecipe train = recipe.train();
        Distillation distillation = distillation(recipe, model, teacher, weights, from);
        Map<String, Tensor> trained = new LinkedHashMap<>(model.trained());
        if (distillation != null) {
            trained.putAll(distillation.parameters());
        }
        AdamWOptimizer optimizer = new AdamWOptimizer(trained, weights, options(train.optimizer()));
        if (from != null) {
            from.restore(optimizer);
        }
        KvCache cache =
                train.samples().every() > 0 ? SampleTexts.cache(model.model(), weights) : null;
        Objective objective =
                model.adapter() == null
                        ? Objective.of(train.mixtures(), model.model(), weights)
                        : Objective.NEXT_TOKEN; // what balances a frozen router stays as it is
        PreferenceLoss preference = recipe.preference();
        objective =
                objective.with(
                        distillation,
                        preference == null
                                ? null
                                : new Objective.Preferences(preference, model.frozen()));
        weights.seal();
        int recomputed = 0;
        long stepBytes = 0;
        switch (train.checkpointing()) {
            case Checkpointing.None _ -> {}
            case Checkpointing.Blocks _ -> recomputed = Integer.MAX_VALUE;
            case Checkpointing.Budget _ -> {
                StepPrediction found =
                        StepPrediction.of(
                                backend,
                                model.model(),
                                model.trained(),
                                train,
                                recipe.data().sequenceLength());
                recomputed = found.recomputedBlocks();
                stepBytes = found.stepBytes(); // at once, for an arena that grows holds more
            }
        }
        TensorArena step =
                backend.arena(
                        "step",
                        ArenaOptions.of(stepBytes).withLimit(Math.max(0, most - weights.used())));
        SampleTexts samples =
                cache == null ? null : new SampleTexts(model.model(), tokenizer, cache, step);
        TrainerState state =
                from == null
                        ? TrainerState.start(
                                train.seed(), data.key(), train.evaluation().earlyStopPatience())
                        : from.state();
        return new Workspace(
                tokenizer,
                data,
                weights,
                step,
                model,
                teacher,
                optimizer,
                recomputed,
                objective,
                template,
                samples,
                state);
    }

    private static @Nullable Distillation distillation(
            Recipe recipe,
            RunModel model,
            @Nullable Teacher teacher,
            TensorArena weights,
            @Nullable Checkpoint from)
            throws IOException {
        DistillationRecipe wanted = recipe.distillation();
        if (wanted == null || teacher == null) {
            return null;
        }
        Distillation made =
                Distillation.of(
                        teacher.model(),
                        model.model().config(),
                        wanted.settings(),
                        weights,
                        recipe.train().seed());
        if (from != null && !made.parameters().isEmpty()) {
            from.restore(made.parameters(), name -> name.startsWith(Distillation.PREFIX));
        }
        return made;
    }

    /// What is trained and not a part of the files that others use, by name.
    Map<String, Tensor> apart() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        Adapter adapter = model.adapter();
        if (adapter != null) {
            all.putAll(adapter.parameters());
        }
        Distillation distillation = objective.distillation();
        if (distillation != null) {
            all.putAll(distillation.parameters());
        }
        return all;
    }

    /// What others need to use the model, or its adapter.
    Checkpoint.Contents files() {
        Adapter adapter = model.adapter();
        Checkpoint.Contents own =
                adapter == null
                        ? new Checkpoint.ModelFiles(
                                model.model(), model.generation(), tokenizer.tokenizer())
                        : folder -> {
                            adapter.save(folder, model.base(), step);
                            tokenizer.tokenizer().save(folder);
                        };
        return folder -> {
            own.writeTo(folder);
            if (template != null) {
                template.save(folder);
            }
        };
    }

    /// The checkpoint's own tokenizer; one that the recipe names must be the same.
    private static RunTokenizer saved(Checkpoint from, Recipe recipe) throws IOException {
        RunTokenizer own = RunTokenizer.load(from.folder(), recipe);
        if (recipe.tokenizer() instanceof GivenTokenizer(String path)
                && !RunTokenizer.load(Path.of(path), recipe)
                        .fingerprint()
                        .equals(own.fingerprint())) {
            throw new CheckpointMismatch(
                    "tokenizer.path", path + " is not the tokenizer of " + from.folder());
        }
        return own;
    }

    static AdamWOptimizer.Options options(TrainRecipe.Optimizer optimizer) {
        return new AdamWOptimizer.Options(
                optimizer.beta1(),
                optimizer.beta2(),
                optimizer.eps(),
                optimizer.weightDecay(),
                AdamWOptimizer.DecayRule.MATRICES,
                optimizer.kind() == TrainRecipe.Optimizer.Kind.ADAMW8BIT);
    }

    /// The most bytes that were in use at once.
    long peakBytes() {
        return weights.peak() + step.peak() + (teacher == null ? 0 : teacher.weights().peak());
    }

    /// The bytes held now.
    long heldBytes() {
        return weights.capacity()
                + step.capacity()
                + (teacher == null ? 0 : teacher.weights().capacity());
    }

    @Override
    public void close() {
        step.close();
        weights.close();
        model.close();
        if (teacher != null) {
            teacher.close();
        }
    }
}
