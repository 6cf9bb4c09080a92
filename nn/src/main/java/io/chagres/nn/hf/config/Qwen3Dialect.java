package io.chagres.nn.hf.config;

import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.io.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Qwen3: Llama with heads of a width of their own whose queries and keys are normalised.
final class Qwen3Dialect implements ConfigDialect {
    private static final int DEFAULT_CONTEXT = 32_768;
    private static final int DEFAULT_HEAD = 128;

    @Override
    public String modelType() {
        return "qwen3";
    }

    @Override
    public String architecture() {
        return "Qwen3ForCausalLM";
    }

    @Override
    public TransformerConfig read(JsonNode json) {
        boolean bias = json.bool("attention_bias", false);
        TransformerConfigBuilder b =
                LlamaDialect.common(json, DEFAULT_CONTEXT)
                        .architecture(modelType())
                        .headDim(json.intIn("head_dim", 1, Integer.MAX_VALUE, DEFAULT_HEAD))
                        .attention(new AttentionKind.Grouped(true))
                        .biases(bias, bias, false)
                        .slidingWindow(Windows.read(json));
        Fields.tokens(json, Fields.count(json, "vocab_size"), null, null, b);
        return b.build();
    }

    @Override
    public void check(TransformerConfig c) {
        LlamaDialect.checkCommon(c);
        ConfigDialect.require(
                c.attention().equals(new AttentionKind.Grouped(true)),
                c,
                "attention with normalised heads");
        ConfigDialect.require(c.moe() == null, c, "no mixture of experts");
        ConfigDialect.require(
                c.qkvBias() == c.outBias() && !c.mlpBias(),
                c,
                "qkvBias and outBias to be the same, and no mlpBias");
    }

    @Override
    public void write(TransformerConfig c, Map<String, @Nullable Object> out) {
        LlamaDialect.writeCommon(c, out);
        out.put("attention_bias", c.qkvBias());
        Windows.write(c, out);
    }
}
