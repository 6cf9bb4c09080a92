package io.chagres.nn.transformer;

import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.attention.AttentionLayer;
import io.chagres.nn.attention.HashedAttention;
import io.chagres.nn.attention.LatentAttention;
import io.chagres.nn.attention.SelfAttention;
import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.nn.layer.Buffer;
import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.LayerNorm;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Norm;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.layer.RmsNorm;
import io.chagres.nn.moe.ExpertLayer;
import io.chagres.nn.moe.Experts;
import io.chagres.nn.moe.FeedForward;
import io.chagres.nn.moe.MixtureOfExperts;
import io.chagres.nn.moe.Mlp;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.moe.Router;
import io.chagres.nn.transformer.ParameterSource.Init;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import java.util.ArrayList;
import java.util.List;

/// Puts a [Transformer] together from its config and a source of parameters.
public final class TransformerBuilder {
    /// The eps of norms inside latent attention, whatever that of the others is.
    private static final double LATENT_EPS = 1e-6;

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
        Embedding tokens = table("tokens", Shape.of(config.vocabSize(), hidden));
        Embedding positions = null;
        Rotary rotary = null;
        switch (config.positions()) {
            case Positions.Learned() -> {
                Shape s = Shape.of(config.maxPositionEmbeddings(), hidden);
                positions = table("positions", s);
            }
            case Positions.Rope rope -> rotary = new Rotary(rope, config.rotaryDim());
        }
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(block("blocks." + i + ".", i));
        }
        Norm last = norm("finalNorm");
        Projection head =
                config.tiedHead()
                        ? null
                        : linear("head", hidden, config.vocabSize(), false, Init.NORMAL);
        List<NextToken> further = new ArrayList<>();
        for (int i = 0; i < config.nextTokens(); i++) {
            further.add(nextToken("nextTokens." + i + ".", config.numLayers() + i));
        }
        return new Transformer(
                config,
                tokens,
                positions,
                rotary,
                List.copyOf(blocks),
                last,
                head,
                List.copyOf(further),
                null);
    }

    private NextToken nextToken(String path, int layer) {
        long hidden = config.hiddenSize();
        return new NextToken(
                norm(path + "hiddenNorm"),
                norm(path + "embeddingNorm"),
                linear(path + "join", 2 * hidden, hidden, false, Init.NORMAL),
                block(path + "block.", layer),
                norm(path + "finalNorm"));
    }

    private Block block(String path, int layer) {
        Norm before = norm(path + "attentionNorm");
        AttentionLayer attention =
                switch (config.attention()) {
                    case AttentionKind.Grouped(boolean normalized) ->
                            grouped(path + "attention.", normalized);
                    case AttentionKind.Hashed(Lsh lsh) -> hashed(path + "attention.", lsh);
                    case AttentionKind.Latent sizes -> latent(path + "attention.", sizes);
                };
        Norm between = norm(path + "mlpNorm");
        MoeConfig moe = config.moe();
        FeedForward mlp =
                moe != null && moe.isMixture(layer)
                        ? mixture(path + "mlp.", moe)
                        : mlp(path + "mlp.");
        return new Block(before, attention, between, mlp);
    }

    private SelfAttention grouped(String path, boolean normalized) {
        long hidden = config.hiddenSize();
        long query = (long) config.numHeads() * config.headDim();
        long key = (long) config.numKvHeads() * config.headDim();
        boolean bias = config.qkvBias();
        return new SelfAttention(
                linear(path + "q", hidden, query, bias, Init.NORMAL),
                linear(path + "k", hidden, key, bias, Init.NORMAL),
                linear(path + "v", hidden, key, bias, Init.NORMAL),
                linear(path + "o", query, hidden, config.outBias(), Init.RESIDUAL),
                normalized ? rmsNorm(path + "qNorm", config.headDim(), config.normEps()) : null,
                normalized ? rmsNorm(path + "kNorm", config.headDim(), config.normEps()) : null,
                config.headDim(),
                config.slidingWindow());
    }

    private HashedAttention hashed(String path, Lsh lsh) {
        long hidden = config.hiddenSize();
        long width = config.queryWidth();
        boolean bias = config.qkvBias();
        return new HashedAttention(
                linear(path + "qk", hidden, width, bias, Init.NORMAL),
                linear(path + "v", hidden, width, bias, Init.NORMAL),
                linear(path + "o", width, hidden, config.outBias(), Init.RESIDUAL),
                config.headDim(),
                lsh);
    }

    private LatentAttention latent(String path, AttentionKind.Latent sizes) {
        long hidden = config.hiddenSize();
        long heads = config.numHeads();
        boolean bias = config.qkvBias();
        int rank = sizes.queryRank();
        Projection down =
                rank == 0 ? null : linear(path + "qDown", hidden, rank, bias, Init.NORMAL);
        RmsNorm norm = rank == 0 ? null : rmsNorm(path + "qNorm", rank, LATENT_EPS);
        long wide = heads * (sizes.plainDim() + sizes.valueDim());
        Shape kv = Shape.of(wide, sizes.rank());
        Projection compressed = source.compressed(path + "kv", kv, null);
        double factor =
                config.positions() instanceof Positions.Rope rope
                        ? rope.scaling().scoreFactor()
                        : 1;
        return new LatentAttention(
                down,
                norm,
                linear(
                        path + "q",
                        rank == 0 ? hidden : rank,
                        heads * sizes.queryDim(),
                        false,
                        Init.NORMAL),
                linear(path + "kvDown", hidden, sizes.cacheDim(), bias, Init.NORMAL),
                rmsNorm(path + "kvNorm", sizes.rank(), LATENT_EPS),
                compressed == null
                        ? new Linear(source.get(path + "kv.weight", kv, Init.NORMAL), null)
                        : compressed,
                linear(
                        path + "o",
                        heads * sizes.valueDim(),
                        hidden,
                        config.outBias(),
                        Init.RESIDUAL),
                sizes,
                factor / Math.sqrt(sizes.queryDim()));
    }

    private MixtureOfExperts mixture(String path, MoeConfig moe) {
        long hidden = config.hiddenSize();
        long wide = moe.intermediateSize();
        long n = moe.experts();
        Tensor weight = source.stored(path + "router.weight", Shape.of(n, hidden), Init.NORMAL);
        String correction = path + "router.correction.value";
        Router router =
                new Router(
                        weight,
                        moe.routing().correction()
                                ? new Buffer(source.get(correction, Shape.of(n), Init.ZEROS))
                                : null,
                        moe.routing(),
                        moe.expertsPerToken());
        Mlp.Gated shared =
                moe.sharedExperts() == 0
                        ? null
                        : gated(path + "shared.", wide * moe.sharedExperts());
        Shape inner = Shape.of(n, wide, hidden);
        Shape outer = Shape.of(n, hidden, wide);
        return new MixtureOfExperts(router, experts(path + "experts", inner, outer), shared);
    }

    private ExpertLayer experts(String path, Shape inner, Shape outer) {
        ExpertLayer compressed = source.compressedExperts(path, inner, outer);
        return compressed != null
                ? compressed
                : new Experts(
                        source.stored(path + ".gate", inner, Init.NORMAL),
                        source.stored(path + ".up", inner, Init.NORMAL),
                        source.stored(path + ".down", outer, Init.RESIDUAL));
    }

    private Mlp.Gated gated(String path, long wide) {
        long hidden = config.hiddenSize();
        boolean bias = config.mlpBias();
        return new Mlp.Gated(
                linear(path + "gate", hidden, wide, bias, Init.NORMAL),
                linear(path + "up", hidden, wide, bias, Init.NORMAL),
                linear(path + "down", wide, hidden, bias, Init.RESIDUAL));
    }

    private Mlp mlp(String path) {
        long hidden = config.hiddenSize();
        long wide = config.intermediateSize();
        boolean bias = config.mlpBias();
        if (config.gatedMlp()) {
            return gated(path, wide);
        }
        return new Mlp.Plain(
                linear(path + "up", hidden, wide, bias, Init.NORMAL),
                config.activation(),
                linear(path + "down", wide, hidden, bias, Init.RESIDUAL));
    }

    private Projection linear(String path, long in, long out, boolean bias, Init init) {
        Shape shape = Shape.of(out, in);
        Tensor b = bias ? source.stored(path + ".bias", Shape.of(out), Init.ZEROS) : null;
        Projection compressed = source.compressed(path, shape, b);
        return compressed != null
                ? compressed
                : new Linear(source.stored(path + ".weight", shape, init), b);
    }

    private Embedding table(String path, Shape shape) {
        Embedding compressed = source.compressedTable(path, shape);
        return compressed != null
                ? compressed
                : new Embedding.Plain(source.stored(path + ".weight", shape, Init.NORMAL));
    }

    private RmsNorm rmsNorm(String path, long size, double eps) {
        return new RmsNorm(source.stored(path + ".weight", Shape.of(size), Init.ONES), eps);
    }

    private Norm norm(String path) {
        Shape s = Shape.of(config.hiddenSize());
        var weight = source.stored(path + ".weight", s, Init.ONES);
        return switch (config.norm()) {
            case RMS_NORM -> new RmsNorm(weight, config.normEps());
            case LAYER_NORM ->
                    new LayerNorm(
                            weight, source.stored(path + ".bias", s, Init.ZEROS), config.normEps());
        };
    }
}
