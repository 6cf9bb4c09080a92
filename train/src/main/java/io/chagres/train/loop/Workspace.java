package io.chagres.train.loop;

import io.chagres.nn.generate.KvCache;
import io.chagres.nn.layer.Modules;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.ArenaOptions;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.checkpoint.CheckpointMismatch;
import io.chagres.train.checkpoint.TrainerState;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.TokenizedCorpus;
import io.chagres.train.loop.TrainingListener.Phase;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Checkpointing;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TokenizerRecipe.GivenTokenizer;
import io.chagres.train.recipe.TrainRecipe;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// All that a run works with, prepared before its first step.
///
/// @param tokenizer the tokenizer
/// @param data the text as tokens
/// @param weights arena of parameters, gradients and moments, sealed
/// @param step arena of a single pass
/// @param model the model
/// @param optimizer its optimizer
/// @param recomputedBlocks blocks whose activations are computed again
/// @param objective what is trained besides the next token
/// @param samples what writes sample texts; null when none are wanted
/// @param state where the run stands
record Workspace(
        RunTokenizer tokenizer,
        TokenizedCorpus data,
        TensorArena weights,
        TensorArena step,
        RunModel model,
        AdamWOptimizer optimizer,
        int recomputedBlocks,
        Objective objective,
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
        Corpus corpus = Corpus.open(recipe.data().sources());
        RunTokenizer tokenizer =
                from == null
                        ? RunTokenizer.of(recipe, corpus, folder.tokenizer(), listener)
                        : saved(from, recipe);
        listener.preparing(Phase.DATA, 0, -1);
        TokenizedCorpus data =
                TokenizedCorpus.prepare(
                        corpus, recipe.data().heldOut(), tokenizer.encoding(), folder.tokens());
        if (from != null && !data.key().equals(from.state().dataKey())) {
            throw new CheckpointMismatch(
                    "data.sources", "the text is not the one the checkpoint was trained on");
        }
        listener.preparing(Phase.MODEL, 0, -1);
        long limit = recipe.train().memoryLimit();
        long most = limit == 0 ? Long.MAX_VALUE : limit;
        TensorArena weights = backend.arena("weights", ArenaOptions.of(0).withLimit(most));
        try {
            return fill(recipe, tokenizer, data, weights, backend, most, from);
        } catch (IOException | RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    private static Workspace fill(
            Recipe recipe,
            RunTokenizer tokenizer,
            TokenizedCorpus data,
            TensorArena weights,
            Backend backend,
            long most,
            @Nullable Checkpoint from)
            throws IOException {
        TrainRecipe train = recipe.train();
        RunModel model =
                from == null
                        ? RunModel.of(recipe, tokenizer, weights)
                        : RunModel.load(from.folder(), recipe, tokenizer, weights);
        AdamWOptimizer optimizer =
                new AdamWOptimizer(
                        Modules.parameters(model.model()), weights, options(train.optimizer()));
        if (from != null) {
            from.restore(optimizer);
        }
        KvCache cache =
                train.samples().every() > 0 ? SampleTexts.cache(model.model(), weights) : null;
        Objective objective = Objective.of(train.mixtures(), model.model(), weights);
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
                                Modules.parameters(model.model()),
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
                optimizer,
                recomputed,
                objective,
                samples,
                state);
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
        return weights.peak() + step.peak();
    }

    /// The bytes held now.
    long heldBytes() {
        return weights.capacity() + step.capacity();
    }

    @Override
    public void close() {
        step.close();
        weights.close();
    }
}
