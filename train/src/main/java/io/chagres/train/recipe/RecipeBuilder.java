package io.chagres.train.recipe;

import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.ModelRecipe.Family;
import io.chagres.train.recipe.ModelRecipe.NewModel;
import io.chagres.train.recipe.TokenizerRecipe.GivenTokenizer;
import io.chagres.train.recipe.TokenizerRecipe.TrainedTokenizer;
import io.chagres.train.schedule.LearningRate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Makes the records out of a checked tree: fills in what follows from other values and refuses
/// values that contradict each other.
final class RecipeBuilder {
    private static final double ROPE_THETA = 10_000;
    private static final int ROUND_TO = 32;
    private static final long MAX_BATCH_TOKENS = 1 << 28;

    private static final List<RecipeKey<?>> SHAPE =
            List.of(
                    Keys.PRESET,
                    Keys.ARCHITECTURE,
                    Keys.HIDDEN_SIZE,
                    Keys.NUM_HIDDEN_LAYERS,
                    Keys.NUM_ATTENTION_HEADS,
                    Keys.NUM_KEY_VALUE_HEADS,
                    Keys.INTERMEDIATE_SIZE,
                    Keys.VOCAB_SIZE,
                    Keys.MAX_POSITION_EMBEDDINGS,
                    Keys.ROPE_THETA,
                    Keys.ATTENTION,
                    Keys.SLIDING_WINDOW,
                    Keys.NUM_HASHES,
                    Keys.LSH_CHUNK_LENGTH,
                    Keys.NUM_BUCKETS,
                    Keys.TIE_WORD_EMBEDDINGS);

    private final RecipeTree tree;

    private RecipeBuilder(RecipeTree tree) {
        this.tree = tree;
    }

    static Recipe build(RecipeTree tree) {
        return new RecipeBuilder(tree).build();
    }

    private Recipe build() {
        if (!tree.isGiven(Keys.FROM)) {
            tree.usePreset(Presets.values(tree.get(Keys.PRESET)));
        }
        DistillationRecipe distillation = DistillationKeys.read(tree);
        TokenizerRecipe tokenizer = tokenizer(distillation);
        FinetuneReader tuning = new FinetuneReader(tree);
        FinetuneRecipe finetune = tuning.finetune();
        DataRecipe data = data(finetune);
        PreferenceLoss preference = tuning.preference();
        require(
                preference == null || distillation == null,
                DistillationKeys.TEACHER,
                "cannot be given together with finetune.objective: dpo");
        require(
                (preference == null && distillation == null)
                        || !(tree.get(Keys.CHECKPOINTING) instanceof Checkpointing.Budget),
                Keys.CHECKPOINTING,
                "a size cannot be kept to with a teacher or dpo, whose memory is not predicted");
        ExamplesRecipe examples = data.examples();
        require(
                examples == null
                        || !examples.packing()
                        || !(finetune instanceof FinetuneRecipe.Prefix),
                FinetuneKeys.PACKING,
                "a prefix belongs before each example: they cannot share a row");
        require(
                examples == null || tokenizer instanceof GivenTokenizer,
                FinetuneKeys.FORMAT,
                "needs model.from or tokenizer.path: a new tokenizer is trained on continuous"
                        + " text");
        return new Recipe(
                model(data, tokenizer),
                tokenizer,
                data,
                finetune,
                preference,
                distillation,
                train(data),
                new PruningReader(tree).pruning(finetune, tree.get(Keys.STEPS)),
                tree.get(Keys.DEVICE),
                tree.get(Keys.OUTPUT),
                tree.get(Keys.TENSORBOARD),
                new TuneReader(tree).tune());
    }

    private ModelRecipe model(DataRecipe data, TokenizerRecipe tokenizer) {
        Optional<String> from = tree.optional(Keys.FROM);
        if (from.isPresent()) {
            for (RecipeKey<?> key : all(SHAPE, DeepSeekKeys.MODEL)) {
                require(
                        !tree.isGiven(key),
                        key,
                        "cannot be given together with model.from, which decides it");
            }
            return new ContinuedModel(from.get());
        }
        Family family = tree.get(Keys.ARCHITECTURE);
        int hidden = tree.get(Keys.HIDDEN_SIZE);
        int heads = tree.get(Keys.NUM_ATTENTION_HEADS);
        int keyValueHeads = tree.optional(Keys.NUM_KEY_VALUE_HEADS).orElse(heads);
        checkHeads(family, hidden, heads, keyValueHeads);
        int inner = tree.optional(Keys.INTERMEDIATE_SIZE).orElse(intermediate(family, hidden));
        return new NewModel(
                tree.get(Keys.PRESET),
                family,
                hidden,
                tree.get(Keys.NUM_HIDDEN_LAYERS),
                heads,
                keyValueHeads,
                inner,
                vocabSize(tokenizer),
                positions(data),
                ropeTheta(family),
                new AttentionReader(tree).read(family, keyValueHeads == heads),
                new DeepSeekReader(tree).read(family, hidden, heads, inner),
                tree.get(Keys.TIE_WORD_EMBEDDINGS));
    }

    private static List<RecipeKey<?>> all(List<RecipeKey<?>> a, List<RecipeKey<?>> b) {
        List<RecipeKey<?>> both = new ArrayList<>(a);
        both.addAll(b);
        return both;
    }

    private void checkHeads(Family family, int hidden, int heads, int keyValueHeads) {
        require(
                hidden % heads == 0,
                Keys.HIDDEN_SIZE,
                "%d is not a multiple of model.num_attention_heads, %d".formatted(hidden, heads));
        require(
                heads % keyValueHeads == 0,
                Keys.NUM_KEY_VALUE_HEADS,
                "model.num_attention_heads, %d, is not a multiple of %d"
                        .formatted(heads, keyValueHeads));
        int headDim = hidden / heads;
        switch (family) {
            case LLAMA ->
                    require(
                            headDim % 2 == 0,
                            Keys.HIDDEN_SIZE,
                            "a head has %d / %d = %d dimensions; rotary positions need an even"
                                            .formatted(hidden, heads, headDim)
                                    + " number");
            case DEEPSEEK_V3 ->
                    require(
                            keyValueHeads == heads,
                            Keys.NUM_KEY_VALUE_HEADS,
                            "architecture deepseek_v3 has as many as model.num_attention_heads, "
                                    + heads);
            case GPT2 ->
                    require(
                            keyValueHeads == heads,
                            Keys.NUM_KEY_VALUE_HEADS,
                            "architecture gpt2 has as many as model.num_attention_heads, " + heads);
        }
    }

    private static int intermediate(Family family, int hidden) {
        return switch (family) {
            case GPT2 -> 4 * hidden;
            case LLAMA, DEEPSEEK_V3 -> Math.ceilDiv(8 * hidden, 3 * ROUND_TO) * ROUND_TO;
        };
    }

    private @Nullable Integer vocabSize(TokenizerRecipe tokenizer) {
        Optional<Integer> given = tree.optional(Keys.VOCAB_SIZE);
        if (given.isPresent() && tokenizer instanceof TrainedTokenizer trained) {
            require(
                    given.get() >= trained.vocabSize(),
                    Keys.VOCAB_SIZE,
                    "%d is less than tokenizer.train.vocab_size, %d"
                            .formatted(given.get(), trained.vocabSize()));
        }
        return given.orElse(null);
    }

    private int positions(DataRecipe data) {
        int positions = tree.get(Keys.MAX_POSITION_EMBEDDINGS);
        if (!tree.isGiven(Keys.MAX_POSITION_EMBEDDINGS)) {
            return Math.max(positions, data.sequenceLength());
        }
        require(
                data.sequenceLength() <= positions,
                Keys.SEQUENCE_LENGTH,
                "%d is more than model.max_position_embeddings, %d"
                        .formatted(data.sequenceLength(), positions));
        return positions;
    }

    private @Nullable Double ropeTheta(Family family) {
        return switch (family) {
            case LLAMA, DEEPSEEK_V3 -> tree.optional(Keys.ROPE_THETA).orElse(ROPE_THETA);
            case GPT2 -> {
                require(
                        !tree.isGiven(Keys.ROPE_THETA),
                        Keys.ROPE_THETA,
                        "architecture gpt2 has learned positions, not rotary ones");
                yield null;
            }
        };
    }

    private TokenizerRecipe tokenizer(@Nullable DistillationRecipe distillation) {
        boolean train =
                tree.isGiven(Keys.TOKENIZER_VOCAB_SIZE)
                        || tree.isGiven(Keys.TOKENIZER_MIN_FREQUENCY);
        Optional<String> path = tree.optional(Keys.TOKENIZER_PATH);
        require(
                path.isEmpty() || !train,
                Keys.TOKENIZER_PATH,
                "cannot be given together with tokenizer.train");
        Optional<String> from = tree.optional(Keys.FROM);
        require(
                from.isEmpty() || !train,
                Keys.FROM,
                "cannot be given together with tokenizer.train: its embedding belongs to its own"
                        + " tokenizer");
        require(
                distillation == null || !train,
                DistillationKeys.TEACHER,
                "cannot be given together with tokenizer.train: its vocabulary is that of its own"
                        + " tokenizer");
        Optional<String> given =
                path.or(() -> from)
                        .or(() -> Optional.ofNullable(distillation).map(d -> d.teacher()));
        return given.isPresent()
                ? new GivenTokenizer(given.get())
                : new TrainedTokenizer(
                        tree.get(Keys.TOKENIZER_VOCAB_SIZE),
                        tree.get(Keys.TOKENIZER_MIN_FREQUENCY));
    }

    private DataRecipe data(@Nullable FinetuneRecipe finetune) {
        var data =
                new DataRecipe(
                        tree.get(Keys.SOURCES),
                        tree.get(Keys.HELD_OUT),
                        sequenceLength(finetune),
                        tree.get(Keys.DATA_SEED),
                        new FinetuneReader(tree).examples());
        require(!data.sources().isEmpty(), Keys.SOURCES, "at least one source is needed");
        return data;
    }

    /// What is given, else what suits the model to go on from, else the preset's or the default.
    private int sequenceLength(@Nullable FinetuneRecipe finetune) {
        Optional<String> from = tree.optional(Keys.FROM);
        if (tree.isGiven(Keys.SEQUENCE_LENGTH) || from.isEmpty()) {
            return tree.get(Keys.SEQUENCE_LENGTH);
        }
        int before = finetune instanceof FinetuneRecipe.Prefix p ? p.config().tokens() : 0;
        return UsualLength.of(Path.of(from.get()))
                .map(usual -> Math.max(1, usual.tokens() - before))
                .orElseGet(() -> tree.get(Keys.SEQUENCE_LENGTH));
    }

    private TrainRecipe train(DataRecipe data) {
        long steps = tree.get(Keys.STEPS);
        int batchSize = tree.get(Keys.BATCH_SIZE);
        require(
                (long) batchSize * data.sequenceLength() <= MAX_BATCH_TOKENS,
                Keys.BATCH_SIZE,
                "%d sequences of data.sequence_length, %d, are more than %,d tokens"
                        .formatted(batchSize, data.sequenceLength(), MAX_BATCH_TOKENS));
        return new TrainRecipe(
                steps,
                batchSize,
                tree.get(Keys.GRADIENT_ACCUMULATION),
                learningRate(steps),
                new TrainRecipe.Optimizer(
                        tree.get(Keys.OPTIMIZER),
                        tree.get(Keys.WEIGHT_DECAY),
                        tree.get(Keys.BETA1),
                        tree.get(Keys.BETA2),
                        tree.get(Keys.EPS),
                        tree.get(Keys.CLIP_NORM)),
                tree.get(Keys.PRECISION),
                tree.get(Keys.LOSS_SCALE),
                tree.get(Keys.CHECKPOINTING),
                tree.get(Keys.DROPOUT),
                tree.get(Keys.TRAIN_SEED),
                tree.get(Keys.THREADS),
                tree.optional(Keys.MEMORY_LIMIT).orElse(0L),
                new TrainRecipe.Mixtures(
                        tree.get(DeepSeekKeys.BIAS_RATE),
                        tree.get(DeepSeekKeys.SEQUENCE_LOSS),
                        tree.get(DeepSeekKeys.Z_LOSS),
                        tree.get(DeepSeekKeys.NEXT_TOKENS_WEIGHT)),
                evaluation(data),
                new TrainRecipe.Samples(tree.get(Keys.SAMPLE_EVERY), tree.get(Keys.SAMPLE_PROMPTS)),
                tree.get(Keys.SAVE_EVERY));
    }

    private LearningRate learningRate(long steps) {
        long warmup = tree.optional(Keys.WARMUP_STEPS).orElse(steps / 20);
        require(
                warmup <= steps,
                Keys.WARMUP_STEPS,
                "%d is more than train.steps, %d".formatted(warmup, steps));
        return new LearningRate(
                tree.get(Keys.SCHEDULE),
                tree.get(Keys.LEARNING_RATE),
                tree.get(Keys.MIN_LEARNING_RATE_RATIO),
                warmup,
                steps);
    }

    private TrainRecipe.Evaluation evaluation(DataRecipe data) {
        var evaluation =
                new TrainRecipe.Evaluation(
                        tree.get(Keys.EVAL_EVERY),
                        tree.get(Keys.EVAL_BATCHES),
                        tree.get(Keys.EARLY_STOP_PATIENCE),
                        tree.get(Keys.KEEP_BEST));
        require(
                evaluation.earlyStopPatience() == 0
                        || (evaluation.every() > 0 && data.heldOut() > 0),
                Keys.EARLY_STOP_PATIENCE,
                "stopping early needs train.eval_every and data.held_out above 0");
        return evaluation;
    }

    private void require(boolean holds, RecipeKey<?> key, String problem) {
        if (!holds) {
            throw tree.where(key.path()).error(problem);
        }
    }
}
