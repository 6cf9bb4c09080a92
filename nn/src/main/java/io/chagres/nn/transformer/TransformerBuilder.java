package io.chagres.nn.transformer;

import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.LayerNorm;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Norm;
import io.chagres.nn.layer.RmsNorm;
import io.chagres.nn.transformer.ParameterSource.Init;
import io.chagres.tensor.Shape;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import java.util.ArrayList;
import java.util.List;

/// Puts a [Transformer] together from its config and a source of parameters.
public final class TransformerBuilder {
    private final TransformerConfig config;
    private final ParameterSource source;

    private TransformerBuilder(TransformerConfig config, ParameterSource source) {
        this.config = config;
        this.source = source;
    }

    /// A model with fresh parameters, F32, as Hugging Face initialises them.
    ///
    /// @param weights where they go
    /// @param seed of the random numbers: the same seed gives the same bits
    public static Transformer create(TransformerConfig config, TensorArena weights, long seed) {
        return build(config, new Initializer(config, weights, new Rng(seed)));
    }

    /// A model with parameters from a source.
    public static Transformer build(TransformerConfig config, ParameterSource source) {
        return new TransformerBuilder(config, source).model();
    }

    private Transformer model() {
        long hidden = config.hiddenSize();
        Embedding tokens =
                new Embedding(
                        source.get(
                                "tokens.weight",
                                Shape.of(config.vocabSize(), hidden),
                                Init.NORMAL));
        Embedding positions = null;
        Rotary rotary = null;
        switch (config.positions()) {
            case Positions.Learned() -> {
                Shape s = Shape.of(config.maxPositionEmbeddings(), hidden);
                positions = new Embedding(source.get("positions.weight", s, Init.NORMAL));
            }
            case Positions.Rope(double theta) -> rotary = new Rotary(theta, config.headDim());
        }
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(block("blocks." + i + "."));
        }
        Norm last = norm("finalNorm");
        Linear head =
                config.tiedHead()
                        ? null
                        : linear("head", hidden, config.vocabSize(), false, Init.NORMAL);
        return new Transformer(config, tokens, positions, rotary, List.copyOf(blocks), last, head);
    }

    private Block block(String path) {
        long hidden = config.hiddenSize();
        long query = (long) config.numHeads() * config.headDim();
        long key = (long) config.numKvHeads() * config.headDim();
        boolean bias = config.qkvBias();
        String a = path + "attention.";
        Norm before = norm(path + "attentionNorm");
        SelfAttention attention =
                new SelfAttention(
                        linear(a + "q", hidden, query, bias, Init.NORMAL),
                        linear(a + "k", hidden, key, bias, Init.NORMAL),
                        linear(a + "v", hidden, key, bias, Init.NORMAL),
                        linear(a + "o", query, hidden, config.outBias(), Init.RESIDUAL),
                        config.headDim(),
                        config.slidingWindow());
        return new Block(before, attention, norm(path + "mlpNorm"), mlp(path + "mlp."));
    }

    private Mlp mlp(String path) {
        long hidden = config.hiddenSize();
        long wide = config.intermediateSize();
        boolean bias = config.mlpBias();
        if (config.gatedMlp()) {
            return new Mlp.Gated(
                    linear(path + "gate", hidden, wide, bias, Init.NORMAL),
                    linear(path + "up", hidden, wide, bias, Init.NORMAL),
                    linear(path + "down", wide, hidden, bias, Init.RESIDUAL));
        }
        return new Mlp.Plain(
                linear(path + "up", hidden, wide, bias, Init.NORMAL),
                config.activation(),
                linear(path + "down", wide, hidden, bias, Init.RESIDUAL));
    }

    private Linear linear(String path, long in, long out, boolean bias, Init init) {
        return new Linear(
                source.get(path + ".weight", Shape.of(out, in), init),
                bias ? source.get(path + ".bias", Shape.of(out), Init.ZEROS) : null);
    }

    private Norm norm(String path) {
        Shape s = Shape.of(config.hiddenSize());
        var weight = source.get(path + ".weight", s, Init.ONES);
        return switch (config.norm()) {
            case RMS_NORM -> new RmsNorm(weight, config.normEps());
            case LAYER_NORM ->
                    new LayerNorm(
                            weight, source.get(path + ".bias", s, Init.ZEROS), config.normEps());
        };
    }
}
