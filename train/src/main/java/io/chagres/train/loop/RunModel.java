package io.chagres.train.loop;

import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.hf.config.HfConfig;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.moe.Routing;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Positions;
import io.chagres.nn.transformer.RopeScaling;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerBuilder;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.recipe.AttentionRecipe;
import io.chagres.train.recipe.DeepSeekRecipe;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.ModelRecipe.NewModel;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TokenizerRecipe.GivenTokenizer;
import io.chagres.train.recipe.TokenizerRecipe.TrainedTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The model of a run.
///
/// @param model the model, in the weights arena
/// @param generation how to generate
record RunModel(Transformer model, GenerationConfig generation) {
    private static final double DEFAULT_THETA = 10_000;

    /// The model that a recipe begins with.
    ///
    /// @throws TrainingException when model, tokenizer and sequence length do not fit together
    static RunModel of(Recipe recipe, RunTokenizer tokenizer, TensorArena weights)
            throws IOException {
        return switch (recipe.model()) {
            case NewModel wanted -> {
                TransformerConfig config = config(wanted, tokenizer);
                yield checked(
                        new RunModel(
                                TransformerBuilder.create(config, weights, recipe.train().seed()),
                                generation(config)),
                        recipe,
                        tokenizer);
            }
            case ContinuedModel(String from) -> load(Path.of(from), recipe, tokenizer, weights);
        };
    }

    /// The model in a folder.
    ///
    /// @throws TrainingException when model, tokenizer and sequence length do not fit together
    static RunModel load(Path folder, Recipe recipe, RunTokenizer tokenizer, TensorArena weights)
            throws IOException {
        HfCheckpoint loaded = HfCheckpoint.load(folder, weights);
        GenerationConfig generation = loaded.generation();
        return checked(
                new RunModel(
                        loaded.model(),
                        generation == null ? generation(loaded.config()) : generation),
                recipe,
                tokenizer);
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
        if (length > config.maxPositionEmbeddings()) {
            throw new TrainingException(
                    "data.sequence_length: %d is more than the %d positions of the model"
                            .formatted(length, config.maxPositionEmbeddings()));
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
