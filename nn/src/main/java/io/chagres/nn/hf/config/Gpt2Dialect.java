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

/// GPT-2, whose fields have names of their own (`n_embd`); the usual ones are understood too.
final class Gpt2Dialect implements ConfigDialect {
    private static final int DEFAULT_END = 50_256;

    @Override
    public String modelType() {
        return "gpt2";
    }

    @Override
    public String architecture() {
        return "GPT2LMHeadModel";
    }

    @Override
    public TransformerConfig read(JsonNode json) {
        requireValue(json, "scale_attn_weights", true, true);
        requireValue(json, "scale_attn_by_inverse_layer_idx", false, false);
        requireValue(json, "add_cross_attention", false, false);
        int vocab = Fields.count(json, "vocab_size");
        TransformerConfigBuilder b =
                TransformerConfigBuilder.gpt2()
                        .vocabSize(vocab)
                        .hiddenSize(Fields.count(json, "n_embd", "hidden_size"))
                        .numLayers(Fields.count(json, "n_layer", "num_hidden_layers"))
                        .numHeads(Fields.count(json, "n_head", "num_attention_heads"))
                        .intermediateSize(Fields.optionalCount(json, "n_inner"))
                        .maxPositionEmbeddings(
                                Fields.count(
                                        json, "n_positions", "max_position_embeddings", "n_ctx"))
                        .norm(NormType.LAYER_NORM, json.number("layer_norm_epsilon", 1e-5))
                        .mlp(
                                Fields.activation(
                                        json, "activation_function", Activation.GELU_TANH),
                                false)
                        .tiedHead(json.bool("tie_word_embeddings", true))
                        .initializerRange(json.number("initializer_range", 0.02));
        Fields.tokens(json, vocab, DEFAULT_END, DEFAULT_END, b);
        return b.build();
    }

    private static void requireValue(JsonNode json, String name, boolean wanted, boolean absent) {
        if (json.bool(name, absent) != wanted) {
            throw UnsupportedModel.of(json.get(name), List.of(Boolean.toString(wanted)));
        }
    }

    @Override
    public void check(TransformerConfig c) {
        ConfigDialect.require(c.norm() == NormType.LAYER_NORM, c, "norm LAYER_NORM");
        ConfigDialect.require(!c.gatedMlp(), c, "an MLP without a gate");
        ConfigDialect.require(c.positions() instanceof Positions.Learned, c, "positions Learned");
        ConfigDialect.require(
                c.qkvBias() && c.outBias() && c.mlpBias(), c, "qkvBias, outBias and mlpBias");
        ConfigDialect.require(c.numKvHeads() == c.numHeads(), c, "numKvHeads = numHeads");
        ConfigDialect.require(
                c.queryWidth() == c.hiddenSize(), c, "headDim = hiddenSize / numHeads");
        ConfigDialect.require(c.slidingWindow() == 0, c, "slidingWindow 0");
        ConfigDialect.require(
                c.attention().equals(new AttentionKind.Grouped(false)) && c.nextTokens() == 0,
                c,
                "grouped attention with plain heads, and nextTokens 0");
    }

    @Override
    public void write(TransformerConfig c, Map<String, @Nullable Object> out) {
        out.put("n_embd", c.hiddenSize());
        out.put("n_layer", c.numLayers());
        out.put("n_head", c.numHeads());
        boolean usualWidth = c.intermediateSize() == 4L * c.hiddenSize();
        out.put("n_inner", usualWidth ? null : c.intermediateSize());
        out.put("n_positions", c.maxPositionEmbeddings());
        out.put("n_ctx", c.maxPositionEmbeddings());
        out.put("layer_norm_epsilon", c.normEps());
        out.put("activation_function", Fields.name(c.activation()));
        out.put("scale_attn_weights", true);
        out.put("scale_attn_by_inverse_layer_idx", false);
        out.put("reorder_and_upcast_attn", false);
        out.put("resid_pdrop", 0.0);
        out.put("embd_pdrop", 0.0);
        out.put("attn_pdrop", 0.0);
    }
}
