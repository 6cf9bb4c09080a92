package io.chagres.nn.hf.config;

import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.io.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Mistral: Llama without biases whose queries may see a sliding window only. Jiang et al. 2023,
/// arXiv:2310.06825.
final class MistralDialect implements ConfigDialect {
    private static final int DEFAULT_CONTEXT = 131_072;
    private static final int DEFAULT_WINDOW = 4096;

    @Override
    public String modelType() {
        return "mistral";
    }

    @Override
    public String architecture() {
        return "MistralForCausalLM";
    }

    @Override
    public TransformerConfig read(JsonNode json) {
        int window =
                json.contains("sliding_window") // null means none
                        ? Fields.optionalCount(json, "sliding_window")
                        : DEFAULT_WINDOW;
        TransformerConfigBuilder b =
                LlamaDialect.common(json, DEFAULT_CONTEXT)
                        .architecture(modelType())
                        .slidingWindow(window);
        Fields.tokens(json, Fields.count(json, "vocab_size"), 1, 2, b);
        return b.build();
    }

    @Override
    public void check(TransformerConfig c) {
        LlamaDialect.checkCommon(c);
        LlamaDialect.checkPlain(c);
        ConfigDialect.require(!c.qkvBias() && !c.outBias() && !c.mlpBias(), c, "no biases");
    }

    @Override
    public void write(TransformerConfig c, Map<String, @Nullable Object> out) {
        LlamaDialect.writeCommon(c, out);
        out.put("sliding_window", c.slidingWindow() > 0 ? c.slidingWindow() : null);
    }
}
