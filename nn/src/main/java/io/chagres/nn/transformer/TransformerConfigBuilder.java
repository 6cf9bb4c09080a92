package io.chagres.nn.transformer;

import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.layer.Activation;
import io.chagres.nn.moe.MoeConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Collects the components of a [TransformerConfig], where they are explained.
///
/// Three may be left out or set to 0 and follow from the others then: `numKvHeads` is `numHeads`,
/// `headDim` is `hiddenSize / numHeads`, `intermediateSize` is `4 · hiddenSize`, or for a gated MLP
/// two thirds of that, rounded up to a multiple of 32, which costs the same.
public final class TransformerConfigBuilder {
    private static final int GATED_MULTIPLE = 32;

    private String architecture;
    private int vocabSize;
    private int hiddenSize;
    private int numLayers;
    private int numHeads;
    private int numKvHeads;
    private int headDim;
    private int intermediateSize;
    private int maxPositionEmbeddings;
    private NormType norm;
    private double normEps;
    private Activation activation;
    private boolean gatedMlp;
    private Positions positions;
    private AttentionKind attention = new AttentionKind.Grouped(false);
    private @Nullable MoeConfig moe;
    private int nextTokens;
    private boolean qkvBias;
    private boolean outBias;
    private boolean mlpBias;
    private boolean tiedHead;
    private int slidingWindow;
    private double initializerRange = 0.02;
    private @Nullable Integer bosId;
    private List<Integer> eosIds = List.of();
    private @Nullable Integer padId;

    private TransformerConfigBuilder(
            String architecture,
            NormType norm,
            double eps,
            Activation activation,
            Positions positions) {
        this.architecture = architecture;
        this.norm = norm;
        this.normEps = eps;
        this.activation = activation;
        this.positions = positions;
    }

    TransformerConfigBuilder(TransformerConfig c) {
        this(c.architecture(), c.norm(), c.normEps(), c.activation(), c.positions());
        vocabSize = c.vocabSize();
        hiddenSize = c.hiddenSize();
        numLayers = c.numLayers();
        numHeads = c.numHeads();
        numKvHeads = c.numKvHeads() == c.numHeads() ? 0 : c.numKvHeads();
        headDim = c.queryWidth() == c.hiddenSize() ? 0 : c.headDim();
        maxPositionEmbeddings = c.maxPositionEmbeddings();
        gatedMlp = c.gatedMlp();
        intermediateSize =
                c.intermediateSize() == usualIntermediate(hiddenSize, gatedMlp)
                        ? 0
                        : c.intermediateSize();
        attention = c.attention();
        moe = c.moe();
        nextTokens = c.nextTokens();
        qkvBias = c.qkvBias();
        outBias = c.outBias();
        mlpBias = c.mlpBias();
        tiedHead = c.tiedHead();
        slidingWindow = c.slidingWindow();
        initializerRange = c.initializerRange();
        bosId = c.bosId();
        eosIds = c.eosIds();
        padId = c.padId();
    }

    /// Llama style: RMSNorm with eps 1e-6, rotary positions with theta 10,000, a gated SiLU MLP, no
    /// biases, an output head of its own. Sizes are to be set.
    public static TransformerConfigBuilder llama() {
        var b =
                new TransformerConfigBuilder(
                        "llama",
                        NormType.RMS_NORM,
                        1e-6,
                        Activation.SILU,
                        new Positions.Rope(10_000));
        b.gatedMlp = true;
        return b;
    }

    /// GPT-2 style: LayerNorm with eps 1e-5, learned positions, a GELU (tanh) MLP, biases
    /// everywhere, a tied head. Sizes are to be set.
    public static TransformerConfigBuilder gpt2() {
        var b =
                new TransformerConfigBuilder(
                        "gpt2",
                        NormType.LAYER_NORM,
                        1e-5,
                        Activation.GELU_TANH,
                        new Positions.Learned());
        b.qkvBias = true;
        b.outBias = true;
        b.mlpBias = true;
        b.tiedHead = true;
        return b;
    }

    /// Builds and checks the configuration.
    ///
    /// @throws IllegalArgumentException naming the component at fault
    public TransformerConfig build() {
        int dim = headDim;
        if (attention instanceof AttentionKind.Latent latent) {
            dim = latent.queryDim();
        } else if (dim == 0 && numHeads > 0) {
            if (hiddenSize % numHeads != 0) {
                throw new IllegalArgumentException(
                        "hiddenSize "
                                + hiddenSize
                                + " is not a multiple of numHeads "
                                + numHeads
                                + ", so headDim must be given");
            }
            dim = hiddenSize / numHeads;
        }
        return new TransformerConfig(
                architecture,
                vocabSize,
                hiddenSize,
                numLayers,
                numHeads,
                numKvHeads == 0 ? numHeads : numKvHeads,
                dim,
                intermediateSize == 0 ? usualIntermediate(hiddenSize, gatedMlp) : intermediateSize,
                maxPositionEmbeddings,
                norm,
                normEps,
                activation,
                gatedMlp,
                positions,
                attention,
                moe,
                nextTokens,
                qkvBias,
                outBias,
                mlpBias,
                tiedHead,
                slidingWindow,
                initializerRange,
                bosId,
                eosIds,
                padId);
    }

    private static int usualIntermediate(int hiddenSize, boolean gated) {
        long wide = 4L * hiddenSize;
        long size = gated ? Math.ceilDiv(wide * 2, 3 * GATED_MULTIPLE) * GATED_MULTIPLE : wide;
        return (int) Math.min(size, Integer.MAX_VALUE);
    }

    /// Sets [TransformerConfig#architecture].
    public TransformerConfigBuilder architecture(String value) {
        architecture = value;
        return this;
    }

    /// Sets [TransformerConfig#vocabSize].
    public TransformerConfigBuilder vocabSize(int value) {
        vocabSize = value;
        return this;
    }

    /// Sets [TransformerConfig#hiddenSize].
    public TransformerConfigBuilder hiddenSize(int value) {
        hiddenSize = value;
        return this;
    }

    /// Sets [TransformerConfig#numLayers].
    public TransformerConfigBuilder numLayers(int value) {
        numLayers = value;
        return this;
    }

    /// Sets [TransformerConfig#numHeads].
    public TransformerConfigBuilder numHeads(int value) {
        numHeads = value;
        return this;
    }

    /// Sets [TransformerConfig#numKvHeads]; 0 for as many as query heads.
    public TransformerConfigBuilder numKvHeads(int value) {
        numKvHeads = value;
        return this;
    }

    /// Sets [TransformerConfig#headDim]; 0 for `hiddenSize / numHeads`.
    public TransformerConfigBuilder headDim(int value) {
        headDim = value;
        return this;
    }

    /// Sets [TransformerConfig#intermediateSize]; 0 for the usual width.
    public TransformerConfigBuilder intermediateSize(int value) {
        intermediateSize = value;
        return this;
    }

    /// Sets [TransformerConfig#maxPositionEmbeddings].
    public TransformerConfigBuilder maxPositionEmbeddings(int value) {
        maxPositionEmbeddings = value;
        return this;
    }

    /// Sets [TransformerConfig#norm] and [TransformerConfig#normEps].
    public TransformerConfigBuilder norm(NormType value, double eps) {
        norm = value;
        normEps = eps;
        return this;
    }

    /// Sets [TransformerConfig#activation] and [TransformerConfig#gatedMlp].
    public TransformerConfigBuilder mlp(Activation value, boolean gated) {
        activation = value;
        gatedMlp = gated;
        return this;
    }

    /// Sets [TransformerConfig#positions].
    public TransformerConfigBuilder positions(Positions value) {
        positions = value;
        return this;
    }

    /// Sets [TransformerConfig#attention]. Latent attention decides `headDim`.
    public TransformerConfigBuilder attention(AttentionKind value) {
        attention = value;
        return this;
    }

    /// Sets [TransformerConfig#moe].
    public TransformerConfigBuilder moe(@Nullable MoeConfig value) {
        moe = value;
        return this;
    }

    /// Sets [TransformerConfig#nextTokens].
    public TransformerConfigBuilder nextTokens(int value) {
        nextTokens = value;
        return this;
    }

    /// Sets [TransformerConfig#qkvBias], [TransformerConfig#outBias] and
    /// [TransformerConfig#mlpBias].
    public TransformerConfigBuilder biases(boolean qkv, boolean out, boolean mlp) {
        qkvBias = qkv;
        outBias = out;
        mlpBias = mlp;
        return this;
    }

    /// Sets [TransformerConfig#tiedHead].
    public TransformerConfigBuilder tiedHead(boolean value) {
        tiedHead = value;
        return this;
    }

    /// Sets [TransformerConfig#slidingWindow].
    public TransformerConfigBuilder slidingWindow(int value) {
        slidingWindow = value;
        return this;
    }

    /// Sets [TransformerConfig#initializerRange].
    public TransformerConfigBuilder initializerRange(double value) {
        initializerRange = value;
        return this;
    }

    /// Sets [TransformerConfig#bosId], [TransformerConfig#eosIds] and [TransformerConfig#padId].
    public TransformerConfigBuilder tokens(
            @Nullable Integer bos, List<Integer> eos, @Nullable Integer pad) {
        bosId = bos;
        eosIds = eos;
        padId = pad;
        return this;
    }
}
