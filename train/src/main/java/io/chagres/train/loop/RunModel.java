package io.chagres.train.loop;

import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.hf.config.HfConfig;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.loss.Distillation;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.moe.Routing;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Positions;
import io.chagres.nn.transformer.Prefix;
import io.chagres.nn.transformer.RopeScaling;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.recipe.AttentionRecipe;
import io.chagres.train.recipe.DeepSeekRecipe;
import io.chagres.train.recipe.FinetuneRecipe;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.ModelRecipe.NewModel;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TokenizerRecipe.GivenTokenizer;
import io.chagres.train.recipe.TokenizerRecipe.TrainedTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The model of a run.
///
/// @param model the model, for use
/// @param training the same for training, with the dropout of its adapter
/// @param generation how to generate
/// @param parameters number of its weights, those of an adapter included
/// @param adapter what is trained of it; null for all
/// @param frozen the model without its adapter; null for none
/// @param base folder of the model that the adapter is for; empty without one
/// @param file what the frozen weights lie in; null where none do
record RunModel(
        Transformer model,
        Transformer training,
        GenerationConfig generation,
        long parameters,
        @Nullable Adapter adapter,
        @Nullable Transformer frozen,
        String base,
        @Nullable SafeTensors file)
        implements AutoCloseable {
    private static final double DEFAULT_THETA = 10_000;

    private RunModel(Transformer model, GenerationConfig generation) {
        this(model, model, generation, Modules.parameterCount(model), null, null, "", null);
    }

    /// The model that a recipe begins with, or that a checkpoint holds.
    ///
    /// @param weights where what is trained goes, and all that is not left in a file
    /// @param from the checkpoint; null for none
    /// @throws TrainingException when model, tokenizer and sequence length do not fit together
    static RunModel of(
            Recipe recipe,
            RunTokenizer tokenizer,
            TensorArena weights,
            Backend backend,
            @Nullable Checkpoint from)
            throws IOException {
        FinetuneRecipe finetune = recipe.finetune();
        boolean whole = finetune == null || finetune instanceof FinetuneRecipe.Full;
        RunModel made =
                switch (recipe.model()) {
                    case ContinuedModel(String base) when !whole ->
                            adapted(Path.of(base), recipe, tokenizer, weights, backend, from);
                    case ContinuedModel(String base) ->
                            load(from == null ? Path.of(base) : from.folder(), weights);
                    case NewModel _ when from != null -> load(from.folder(), weights);
                    case NewModel wanted -> {
                        TransformerConfig config = config(wanted, tokenizer);
                        long seed = recipe.train().seed();
                        yield new RunModel(
                                TransformerBuilder.create(config, weights, seed),
                                generation(config));
                    }
                };
        return checked(made, recipe, tokenizer);
    }

    private static RunModel load(Path folder, TensorArena weights) throws IOException {
        HfCheckpoint loaded = HfCheckpoint.load(folder, weights);
        return new RunModel(loaded.model(), generation(loaded));
    }

    /// A frozen model, whose matrices stay in their file, with an adapter.
    @SuppressWarnings("MustBeClosedChecker") // the run's model closes it
    private static RunModel adapted(
            Path folder,
            Recipe recipe,
            RunTokenizer tokenizer,
            TensorArena weights,
            Backend backend,
            @Nullable Checkpoint from)
            throws IOException {
        SafeTensors file = HfCheckpoint.open(folder);
        try {
            HfCheckpoint loaded = HfCheckpoint.map(folder, file, weights);
            long seed = recipe.train().seed();
            RunAdapter made =
                    Objects.requireNonNull(
                            RunAdapter.of(
                                    recipe.finetune(),
                                    loaded.model(),
                                    text -> tokenizer.tokenizer().encode(text, true),
                                    weights,
                                    backend,
                                    seed));
            Adapter adapter = made.adapter();
            if (from != null) {
                from.restore(adapter.parameters(), name -> !name.startsWith(Distillation.PREFIX));
            }
            long trained = count(adapter.parameters());
            return new RunModel(
                    adapter.attach(made.base()),
                    adapter.attachForTraining(made.base()),
                    generation(loaded),
                    count(Modules.state(loaded.model())) + trained,
                    adapter,
                    made.base(),
                    folder.toString(),
                    file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /// Elements of all tensors.
    private static long count(Map<String, Tensor> tensors) {
        return tensors.values().stream().mapToLong(t -> t.shape().size()).sum();
    }

    private static GenerationConfig generation(HfCheckpoint loaded) {
        GenerationConfig own = loaded.generation();
        return own == null ? generation(loaded.config()) : own;
    }

    /// What is trained, by name.
    Map<String, Tensor> trained() {
        return adapter == null ? Modules.parameters(model) : adapter.parameters();
    }

    @Override
    public void close() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static RunModel checked(RunModel made, Recipe recipe, RunTokenizer tokenizer) {
        TransformerConfig config = made.model.config();
        int tokens = tokenizer.tokenizer().vocabSize();
        if (tokens > config.vocabSize()) {
            throw new TrainingException(
                    "model.vocab_size: the tokenizer has %d tokens, the model %d"
                            .formatted(tokens, config.vocabSize()));
        }
        int length = recipe.data().sequenceLength();
        Prefix prefix = made.model.prefix();
        int positions = config.maxPositionEmbeddings() - (prefix == null ? 0 : prefix.tokens());
        if (length > positions) {
            throw new TrainingException(
                    "data.sequence_length: %d is more than the %d positions of the model"
                                    .formatted(length, positions)
                            + (prefix == null ? "" : " behind its prefix"));
        }
        return made;
    }

    private static TransformerConfig config(NewModel wanted, RunTokenizer tokenizer) {
        Tokenizer text = tokenizer.tokenizer();
        return builder(wanted, text.vocabSize())
                .tokens(orNull(text.bosId()), List.of(tokenizer.eosId()), orNull(text.padId()))
                .build();
    }

    /// The architecture of a recipe's model, known before its tokenizer is trained: that one is
    /// taken to be as large as it may become.
    static TransformerConfig architecture(Recipe recipe) throws IOException {
        return switch (recipe.model()) {
            case ContinuedModel(String from) -> HfConfig.read(Path.of(from)).transformer();
            case NewModel wanted -> {
                int tokens =
                        switch (recipe.tokenizer()) {
                            case TrainedTokenizer made -> made.vocabSize();
                            case GivenTokenizer(String path) ->
                                    Tokenizer.load(Path.of(path)).vocabSize();
                        };
                yield builder(wanted, tokens).build();
            }
        };
    }

    private static TransformerConfigBuilder builder(NewModel wanted, int tokens) {
        TransformerConfigBuilder builder =
                switch (wanted.architecture()) {
                    case LLAMA -> TransformerConfigBuilder.llama();
                    case GPT2 -> TransformerConfigBuilder.gpt2();
                    case DEEPSEEK_V3 -> TransformerConfigBuilder.llama();
                };
        Double theta = wanted.ropeTheta();
        if (theta != null) {
            builder.positions(new Positions.Rope(theta));
        }
        switch (wanted.attention()) {
            case AttentionRecipe.Full(int window) -> {
                if (window > 0) {
                    builder.architecture("mistral").slidingWindow(window);
                }
            }
            case AttentionRecipe.Hashed h ->
                    builder.architecture("llama_lsh")
                            .attention(
                                    new AttentionKind.Hashed(
                                            new Lsh(
                                                    h.numHashes(),
                                                    h.chunkLength(),
                                                    h.numBuckets())));
        }
        DeepSeekRecipe own = wanted.deepSeek();
        if (own != null) {
            deepSeek(builder, own, theta == null ? DEFAULT_THETA : theta);
        }
        Integer vocab = wanted.vocabSize();
        return builder.vocabSize(vocab == null ? tokens : vocab)
                .hiddenSize(wanted.hiddenSize())
                .numLayers(wanted.numHiddenLayers())
                .numHeads(wanted.numAttentionHeads())
                .numKvHeads(wanted.numKeyValueHeads())
                .intermediateSize(wanted.intermediateSize())
                .maxPositionEmbeddings(wanted.maxPositionEmbeddings())
                .tiedHead(wanted.tieWordEmbeddings());
    }

    private static void deepSeek(
            TransformerConfigBuilder builder, DeepSeekRecipe own, double theta) {
        int groups = own.groups();
        Routing routing =
                new Routing(
                        Routing.Score.SIGMOID,
                        groups,
                        own.topGroups(),
                        2,
                        true,
                        true,
                        own.scalingFactor());
        builder.architecture("deepseek_v3")
                .positions(new Positions.Rope(theta, new RopeScaling.None(), true))
                .attention(
                        new AttentionKind.Latent(
                                own.qLoraRank(),
                                own.kvLoraRank(),
                                own.qkNopeHeadDim(),
                                own.qkRopeHeadDim(),
                                own.vHeadDim()))
                .moe(
                        own.routedExperts() == 0
                                ? null
                                : new MoeConfig(
                                        own.routedExperts(),
                                        own.expertsPerToken(),
                                        own.moeIntermediateSize(),
                                        own.sharedExperts(),
                                        own.firstDense(),
                                        routing))
                .nextTokens(own.nextTokens());
    }

    private static GenerationConfig generation(TransformerConfig config) {
        return GenerationConfig.ofTokens(config.bosId(), config.eosIds(), config.padId());
    }

    private static @Nullable Integer orNull(OptionalInt id) {
        return id.isPresent() ? id.getAsInt() : null;
    }
}
