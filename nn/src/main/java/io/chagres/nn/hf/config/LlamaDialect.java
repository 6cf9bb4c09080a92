package io.chagres.nn.hf.config;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.layer.Activation;
import io.chagres.nn.transformer.NormType;
import io.chagres.nn.transformer.Positions;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.io.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Llama 1 to 3 and what copies their layout. `attention_bias` gives all four projections a bias.
final class LlamaDialect implements ConfigDialect {
    private static final int DEFAULT_CONTEXT = 2048;

    @Override
    public String modelType() {
        return "llama";
    }

    @Override
    public String architecture() {
        return "LlamaForCausalLM";
    }

    @Override
    public TransformerConfig read(JsonNode json) {
        boolean bias = json.bool("attention_bias", false);
        TransformerConfigBuilder b =
                common(json, DEFAULT_CONTEXT).biases(bias, bias, json.bool("mlp_bias", false));
        Fields.tokens(json, Fields.count(json, "vocab_size"), 1, 2, b);
        return b.build();
    }

    /// What Llama and its descendants have in common.
    static TransformerConfigBuilder common(JsonNode json, int defaultContext) {
        int longest = json.intIn("max_position_embeddings", 1, Integer.MAX_VALUE, defaultContext);
        if (Fields.activation(json, "hidden_act", Activation.SILU) != Activation.SILU) {
            throw UnsupportedModel.of(json.get("hidden_act"), List.of("silu"));
        }
        return TransformerConfigBuilder.llama()
                .vocabSize(Fields.count(json, "vocab_size"))
                .hiddenSize(Fields.count(json, "hidden_size"))
                .numLayers(Fields.count(json, "num_hidden_layers"))
                .numHeads(Fields.count(json, "num_attention_heads"))
                .numKvHeads(Fields.optionalCount(json, "num_key_value_heads"))
                .headDim(Fields.optionalCount(json, "head_dim"))
                .intermediateSize(Fields.count(json, "intermediate_size"))
                .maxPositionEmbeddings(longest)
                .norm(NormType.RMS_NORM, json.number("rms_norm_eps", 1e-6))
                .positions(RopeFields.read(json, longest, false))
                .tiedHead(json.bool("tie_word_embeddings", false))
                .initializerRange(json.number("initializer_range", 0.02));
    }

    @Override
    public void check(TransformerConfig c) {
        checkCommon(c);
        checkPlain(c);
        ConfigDialect.require(c.qkvBias() == c.outBias(), c, "qkvBias and outBias to be the same");
        ConfigDialect.require(c.slidingWindow() == 0, c, "slidingWindow 0");
    }

    /// Refuses what only other families have.
    static void checkPlain(TransformerConfig c) {
        checkGrouped(c);
        ConfigDialect.require(c.moe() == null, c, "no mixture of experts");
    }

    static void checkGrouped(TransformerConfig c) {
        ConfigDialect.require(
                c.attention().equals(new AttentionKind.Grouped(false))
                        && c.positions() instanceof Positions.Rope r
                        && !r.interleaved(),
                c,
                "grouped attention with plain heads, rotated by halves");
        ConfigDialect.require(c.nextTokens() == 0, c, "nextTokens 0");
    }

    static void checkCommon(TransformerConfig c) {
        ConfigDialect.require(c.norm() == NormType.RMS_NORM, c, "norm RMS_NORM");
        ConfigDialect.require(c.gatedMlp(), c, "gatedMlp");
        ConfigDialect.require(c.positions() instanceof Positions.Rope, c, "positions Rope");
    }

    @Override
    public void write(TransformerConfig c, Map<String, @Nullable Object> out) {
        writeCommon(c, out);
        out.put("attention_bias", c.qkvBias());
        out.put("mlp_bias", c.mlpBias());
    }

    static void writeCommon(TransformerConfig c, Map<String, @Nullable Object> out) {
        out.put("hidden_size", c.hiddenSize());
        out.put("num_hidden_layers", c.numLayers());
        out.put("num_attention_heads", c.numHeads());
        out.put("num_key_value_heads", c.numKvHeads());
        out.put("head_dim", c.headDim());
        out.put("intermediate_size", c.intermediateSize());
        out.put("max_position_embeddings", c.maxPositionEmbeddings());
        out.put("rms_norm_eps", c.normEps());
        out.put("hidden_act", Fields.name(c.activation()));
        out.put("attention_dropout", 0.0);
        if (c.positions() instanceof Positions.Rope rope) {
            RopeFields.write(rope, out);
        }
    }
}
