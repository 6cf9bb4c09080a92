package io.chagres.nn.hf.config;

import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.io.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Qwen2 and Qwen2.5: Llama with a bias on queries, keys and values, and optionally a sliding
/// window, here for all layers or none.
final class Qwen2Dialect implements ConfigDialect {
    private static final int DEFAULT_CONTEXT = 32_768;

    @Override
    public String modelType() {
        return "qwen2";
    }

    @Override
    public String architecture() {
        return "Qwen2ForCausalLM";
    }

    @Override
    public TransformerConfig read(JsonNode json) {
        TransformerConfigBuilder b =
                LlamaDialect.common(json, DEFAULT_CONTEXT)
                        .architecture(modelType())
                        .biases(true, false, false)
                        .slidingWindow(Windows.read(json));
        Fields.tokens(json, Fields.count(json, "vocab_size"), null, null, b);
        return b.build();
    }

    @Override
    public void check(TransformerConfig c) {
        LlamaDialect.checkCommon(c);
        LlamaDialect.checkPlain(c);
        ConfigDialect.require(
                c.qkvBias() && !c.outBias() && !c.mlpBias(),
                c,
                "qkvBias without outBias and mlpBias");
    }

    @Override
    public void write(TransformerConfig c, Map<String, @Nullable Object> out) {
        LlamaDialect.writeCommon(c, out);
        Windows.write(c, out);
    }
}
