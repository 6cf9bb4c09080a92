package io.chagres.train.recipe;

import io.chagres.train.data.Source;
import io.chagres.train.recipe.AttentionRecipe.Full;
import io.chagres.train.recipe.AttentionRecipe.Hashed;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.ModelRecipe.Family;
import io.chagres.train.recipe.ModelRecipe.NewModel;
import io.chagres.train.recipe.TokenizerRecipe.GivenTokenizer;
import io.chagres.train.recipe.TokenizerRecipe.TrainedTokenizer;
import io.chagres.train.schedule.LearningRate.Decay;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The one table of all keys: name, type, default, meaning, and where a recipe keeps the value.
final class Keys {
    private static final long MANY = 1_000_000_000_000L;
    private static final int MUCH = 1 << 24;

    private static final List<RecipeKey<?>> TABLE = new ArrayList<>();

    static final RecipeKey<String> PRESET =
            key(
                    "model.preset",
                    ValueType.oneOf(Presets.names()),
                    "tiny",
                    "Architecture and training values to start from; other keys override it.",
                    ofNew(NewModel::preset));
    static final RecipeKey<String> FROM =
            key(
                    "model.from",
                    ValueType.text("the folder of a checkpoint"),
                    null,
                    "Checkpoint to continue from, instead of a new model.",
                    r -> r.model() instanceof ContinuedModel(String from) ? from : null);
    static final RecipeKey<Family> ARCHITECTURE =
            key(
                    "model.architecture",
                    ValueType.constant(List.of(Family.values())),
                    null,
                    "Family of the model.",
                    ofNew(NewModel::architecture));
    static final RecipeKey<Integer> HIDDEN_SIZE =
            size("model.hidden_size", "Width of the residual stream.", NewModel::hiddenSize);
    static final RecipeKey<Integer> NUM_HIDDEN_LAYERS =
            size("model.num_hidden_layers", "Number of blocks.", NewModel::numHiddenLayers);
    static final RecipeKey<Integer> NUM_ATTENTION_HEADS =
            size(
                    "model.num_attention_heads",
                    "Number of query heads.",
                    NewModel::numAttentionHeads);
    static final RecipeKey<Integer> NUM_KEY_VALUE_HEADS =
            size(
                    "model.num_key_value_heads",
                    "Number of key and value heads; by default as many as query heads.",
                    NewModel::numKeyValueHeads);
    static final RecipeKey<Integer> INTERMEDIATE_SIZE =
            size(
                    "model.intermediate_size",
                    "Inner width of the feed-forward part; by default 8/3 (llama) or 4 (gpt2)"
                            + " times the hidden size.",
                    NewModel::intermediateSize);
    static final RecipeKey<Integer> VOCAB_SIZE =
            size(
                    "model.vocab_size",
                    "Rows of the embedding; by default the size of the tokenizer.",
                    NewModel::vocabSize);
    static final RecipeKey<Integer> MAX_POSITION_EMBEDDINGS =
            size(
                    "model.max_position_embeddings",
                    "Longest sequence; by default at least data.sequence_length.",
                    NewModel::maxPositionEmbeddings);
    static final RecipeKey<Double> ROPE_THETA =
            key(
                    "model.rope_theta",
                    ValueType.positive(1e12),
                    null,
                    "Base of the rotary frequencies (llama only); by default 10000.",
                    ofNew(NewModel::ropeTheta));
    static final RecipeKey<AttentionRecipe.Kind> ATTENTION =
            key(
                    "model.attention",
                    ValueType.constant(List.of(AttentionRecipe.Kind.values())),
                    "full",
                    "Which earlier tokens a token sees: all, or those that hashing finds (lsh, for"
                            + " llama only).",
                    ofNew(m ->
                            m.attention() instanceof Hashed
                                    ? AttentionRecipe.Kind.LSH
                                    : AttentionRecipe.Kind.FULL));
    static final RecipeKey<Integer> SLIDING_WINDOW =
            size(
                    "model.sliding_window",
                    "How many of the newest tokens full attention sees (llama only); by default"
                            + " all.",
                    m -> m.attention() instanceof Full(int window) && window > 0 ? window : null);
    static final RecipeKey<Integer> NUM_HASHES =
            key(
                    "model.num_hashes",
                    ValueType.integer(1, 64),
                    null,
                    "Rounds of hashing (lsh only); by default 4.",
                    ofNew(m -> m.attention() instanceof Hashed h ? h.numHashes() : null));
    static final RecipeKey<Integer> LSH_CHUNK_LENGTH =
            size(
                    "model.lsh_chunk_length",
                    "Tokens that attend to each other after sorting (lsh only); by default 64.",
                    m -> m.attention() instanceof Hashed h ? h.chunkLength() : null);
    static final RecipeKey<Integer> NUM_BUCKETS =
            size(
                    "model.num_buckets",
                    "Buckets of a round of hashing, a power of two (lsh only); by default twice as"
                            + " many as there are chunks.",
                    m ->
                            m.attention() instanceof Hashed h && h.numBuckets() > 0
                                    ? h.numBuckets()
                                    : null);
    static final RecipeKey<Boolean> TIE_WORD_EMBEDDINGS =
            key(
                    "model.tie_word_embeddings",
                    ValueType.truth(),
                    "true",
                    "Whether the output layer is the transposed embedding.",
                    ofNew(NewModel::tieWordEmbeddings));

    static {
        TABLE.addAll(DeepSeekKeys.MODEL);
    }

    static final RecipeKey<String> TOKENIZER_PATH =
            key(
                    "tokenizer.path",
                    ValueType.text("a tokenizer.json or its folder"),
                    null,
                    "Tokenizer to use; by default the one of model.from, or a new one.",
                    r -> r.tokenizer() instanceof GivenTokenizer(String path) ? path : null);
    static final RecipeKey<Integer> TOKENIZER_VOCAB_SIZE =
            key(
                    "tokenizer.train.vocab_size",
                    ValueType.integer(257, MUCH),
                    "8192",
                    "Number of tokens of a new tokenizer.",
                    ofTrained(TrainedTokenizer::vocabSize));
    static final RecipeKey<Integer> TOKENIZER_MIN_FREQUENCY =
            key(
                    "tokenizer.train.min_frequency",
                    ValueType.integer(1, Integer.MAX_VALUE),
                    "2",
                    "How often a pair must occur to become a token.",
                    ofTrained(TrainedTokenizer::minFrequency));

    static final RecipeKey<List<Source>> SOURCES =
            key(
                    "data.sources",
                    ValueType.sources(),
                    Source.WORDNET,
                    "Files, folders, or wordnet (English definitions) to train on;"
                            + " wordnet:noun.plant is one part of it, wordnet:-noun.plant all"
                            + " others.",
                    r -> r.data().sources());
    static final RecipeKey<Double> HELD_OUT =
            key(
                    "data.held_out",
                    ValueType.number(0, 0.5),
                    "0.02",
                    "Part of the documents that is kept for evaluation.",
                    r -> r.data().heldOut());
    static final RecipeKey<Integer> SEQUENCE_LENGTH =
            key(
                    "data.sequence_length",
                    ValueType.integer(1, 1 << 20),
                    "256",
                    "Tokens in a training sequence; with model.from by default as that was trained"
                            + " with, else as many as it has positions, 512 at most.",
                    r -> r.data().sequenceLength());
    static final RecipeKey<Long> DATA_SEED =
            key("data.seed", seed(), "42", "Order of the sequences.", r -> r.data().seed());

    static {
        TABLE.addAll(FinetuneKeys.ALL);
        TABLE.addAll(DistillationKeys.ALL);
    }

    static final RecipeKey<Long> STEPS =
            train(
                    "steps",
                    ValueType.whole(1, MANY),
                    "1000",
                    "Optimizer steps.",
                    TrainRecipe::steps);
    static final RecipeKey<Integer> BATCH_SIZE =
            train(
                    "batch_size",
                    ValueType.integer(1, 1 << 16),
                    "8",
                    "Sequences in a micro-batch.",
                    TrainRecipe::batchSize);
    static final RecipeKey<Integer> GRADIENT_ACCUMULATION =
            train(
                    "gradient_accumulation",
                    ValueType.integer(1, 1 << 16),
                    "1",
                    "Micro-batches in a step.",
                    TrainRecipe::gradientAccumulation);
    static final RecipeKey<Double> LEARNING_RATE =
            train(
                    "learning_rate",
                    ValueType.positive(1000),
                    "6e-4",
                    "Highest learning rate, at the end of the warm-up.",
                    t -> t.learningRate().peak());
    static final RecipeKey<Double> MIN_LEARNING_RATE_RATIO =
            train(
                    "min_learning_rate_ratio",
                    ValueType.number(0, 1),
                    "0.1",
                    "Last learning rate as a part of the highest.",
                    t -> t.learningRate().minRatio());
    static final RecipeKey<Long> WARMUP_STEPS =
            train(
                    "warmup_steps",
                    ValueType.whole(0, MANY),
                    null,
                    "Steps of linear warm-up; by default a twentieth of all.",
                    t -> t.learningRate().warmupSteps());
    static final RecipeKey<Decay> SCHEDULE =
            train(
                    "schedule",
                    ValueType.constant(List.of(Decay.values())),
                    "cosine",
                    "Learning rate after the warm-up.",
                    t -> t.learningRate().decay());
    static final RecipeKey<TrainRecipe.Optimizer.Kind> OPTIMIZER =
            train(
                    "optimizer",
                    ValueType.constant(List.of(TrainRecipe.Optimizer.Kind.values())),
                    "adamw",
                    "The optimizer; adamw8bit keeps its moments in 8 bits.",
                    t -> t.optimizer().kind());
    static final RecipeKey<Double> WEIGHT_DECAY =
            train(
                    "weight_decay",
                    ValueType.number(0, 1000),
                    "0.1",
                    "Decoupled weight decay.",
                    t -> t.optimizer().weightDecay());
    static final RecipeKey<Double> BETA1 =
            train(
                    "beta1",
                    ValueType.numberBelow(0, 1),
                    "0.9",
                    "Decay of AdamW's first moment.",
                    t -> t.optimizer().beta1());
    static final RecipeKey<Double> BETA2 =
            train(
                    "beta2",
                    ValueType.numberBelow(0, 1),
                    "0.95",
                    "Decay of AdamW's second moment.",
                    t -> t.optimizer().beta2());
    static final RecipeKey<Double> EPS =
            train(
                    "eps",
                    ValueType.positive(1),
                    "1e-8",
                    "Added to AdamW's denominator.",
                    t -> t.optimizer().eps());
    static final RecipeKey<Double> CLIP_NORM =
            train(
                    "clip_norm",
                    ValueType.number(0, 1e9),
                    "1",
                    "Largest global norm of the gradients; 0 for no clipping.",
                    t -> t.optimizer().clipNorm());
    static final RecipeKey<Double> DROPOUT =
            train(
                    "dropout",
                    ValueType.numberBelow(0, 1),
                    "0",
                    "Probability of dropping an activation.",
                    TrainRecipe::dropout);
    static final RecipeKey<Long> TRAIN_SEED =
            train("seed", seed(), "42", "Initial weights and dropout.", TrainRecipe::seed);
    static final RecipeKey<Integer> THREADS =
            train(
                    "threads",
                    ValueType.integer(0, 4096),
                    "0",
                    "Worker threads; 0 for one per processor.",
                    TrainRecipe::threads);

    static {
        TABLE.addAll(DeepSeekKeys.TRAIN);
    }

    static final RecipeKey<Long> EVAL_EVERY =
            train(
                    "eval_every",
                    ValueType.whole(0, MANY),
                    "100",
                    "Steps between evaluations; 0 for none.",
                    t -> t.evaluation().every());
    static final RecipeKey<Integer> EVAL_BATCHES =
            train(
                    "eval_batches",
                    ValueType.integer(0, MUCH),
                    "20",
                    "Batches in an evaluation; 0 for all held-out text.",
                    t -> t.evaluation().batches());
    static final RecipeKey<Long> SAMPLE_EVERY =
            train(
                    "sample_every",
                    ValueType.whole(0, MANY),
                    "200",
                    "Steps between sample texts; 0 for none.",
                    t -> t.samples().every());
    static final RecipeKey<List<String>> SAMPLE_PROMPTS =
            train(
                    "sample_prompts",
                    ValueType.texts(),
                    "[]",
                    "What sample texts begin with.",
                    t -> t.samples().prompts());
    static final RecipeKey<Long> SAVE_EVERY =
            train(
                    "save_every",
                    ValueType.whole(0, MANY),
                    "500",
                    "Steps between checkpoints; 0 for one at the end only.",
                    TrainRecipe::saveEvery);
    static final RecipeKey<Integer> EARLY_STOP_PATIENCE =
            train(
                    "early_stop_patience",
                    ValueType.integer(0, MUCH),
                    "0",
                    "Evaluations without a better loss before the run stops; 0 for never.",
                    t -> t.evaluation().earlyStopPatience());
    static final RecipeKey<Boolean> KEEP_BEST =
            train(
                    "keep_best",
                    ValueType.truth(),
                    "true",
                    "Whether the checkpoint with the lowest held-out loss is kept.",
                    t -> t.evaluation().keepBest());
    static final RecipeKey<Long> MEMORY_LIMIT =
            train(
                    "memory_limit",
                    ValueType.bytes(),
                    null,
                    "Most memory for tensors, such as 4GiB.",
                    t -> t.memoryLimit() == 0 ? null : t.memoryLimit());

    static final RecipeKey<Checkpointing> CHECKPOINTING =
            train(
                    "checkpointing",
                    ValueType.checkpointing(),
                    "none",
                    "Activations that are computed again in the backward pass instead of kept: those"
                            + " of no block, of every block, or of as many as it takes to fit a"
                            + " size.",
                    TrainRecipe::checkpointing);
    static final RecipeKey<Double> LOSS_SCALE =
            train(
                    "loss_scale",
                    ValueType.positive(1e30),
                    "65536",
                    "First factor of the loss with precision fp16; it adapts.",
                    TrainRecipe::lossScale);
    static final RecipeKey<Precision> PRECISION =
            key(
                    "precision",
                    ValueType.constant(List.of(Precision.values())),
                    "f32",
                    "Precision of the products of training; bf16 is faster where the processor has"
                            + " instructions for it, fp16 scales the loss. Checkpoints hold F32"
                            + " either way.",
                    r -> r.train().precision());

    static {
        TABLE.addAll(PruningKeys.ALL);
    }

    static final RecipeKey<String> DEVICE =
            key(
                    "device",
                    ValueType.device(),
                    "auto",
                    "What computes; auto is a GPU where there is one that can be used. A run may go on"
                            + " on another device.",
                    Recipe::device);
    static final RecipeKey<String> OUTPUT =
            key(
                    "output",
                    ValueType.text("a folder"),
                    "run",
                    "Folder for checkpoints, metrics and the resolved recipe.",
                    Recipe::output);
    static final RecipeKey<Boolean> TENSORBOARD =
            key(
                    "tensorboard",
                    ValueType.truth(),
                    "false",
                    "Whether metrics, samples and parameters are also written for TensorBoard, into"
                            + " the folder tensorboard of the output.",
                    Recipe::tensorboard);

    static {
        TABLE.addAll(TuneKeys.ALL);
    }

    /// All keys, in the order in which a recipe is written.
    static final List<RecipeKey<?>> ALL = List.copyOf(TABLE);

    /// Their dotted paths.
    static final List<String> PATHS = ALL.stream().map(RecipeKey::path).toList();

    private Keys() {}

    private static <T> RecipeKey<T> key(
            String path,
            ValueType<T> type,
            @Nullable String byDefault,
            String description,
            Function<Recipe, @Nullable T> value) {
        var key = new RecipeKey<>(path, type, byDefault, description, value);
        TABLE.add(key);
        return key;
    }

    private static <T> RecipeKey<T> train(
            String name,
            ValueType<T> type,
            @Nullable String byDefault,
            String description,
            Function<TrainRecipe, @Nullable T> value) {
        return key("train." + name, type, byDefault, description, r -> value.apply(r.train()));
    }

    private static RecipeKey<Integer> size(
            String path, String description, Function<NewModel, @Nullable Integer> value) {
        return key(path, ValueType.integer(1, MUCH), null, description, ofNew(value));
    }

    private static ValueType<Long> seed() {
        return ValueType.whole(Long.MIN_VALUE, Long.MAX_VALUE);
    }

    private static <T> Function<Recipe, @Nullable T> ofNew(Function<NewModel, @Nullable T> value) {
        return recipe -> recipe.model() instanceof NewModel model ? value.apply(model) : null;
    }

    private static <T> Function<Recipe, @Nullable T> ofTrained(
            Function<TrainedTokenizer, @Nullable T> value) {
        return recipe ->
                recipe.tokenizer() instanceof TrainedTokenizer made ? value.apply(made) : null;
    }
}
