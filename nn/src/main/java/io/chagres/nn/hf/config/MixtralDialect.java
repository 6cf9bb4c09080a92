package io.chagres.nn.hf.config;

import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.moe.Routing;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.io.JsonNode;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Mixtral: Llama whose MLPs are mixtures of experts in every layer. Jiang et al. 2024,
/// arXiv:2401.04088.
final class MixtralDialect implements ConfigDialect {
    private static final int DEFAULT_CONTEXT = 131_072;
    private static final int DEFAULT_EXPERTS = 8;
    private static final int DEFAULT_CHOSEN = 2;

    private static final double DEFAULT_THETA = 1e6;

    @Override
    public String modelType() {
        return "mixtral";
    }

    @Override
    public String architecture() {
        return "MixtralForCausalLM";
    }

    @Override
    public TransformerConfig read(JsonNode json) {
        MoeConfig moe =
                new MoeConfig(
                        json.intIn("num_local_experts", 1, Integer.MAX_VALUE, DEFAULT_EXPERTS),
                        json.intIn("num_experts_per_tok", 1, Integer.MAX_VALUE, DEFAULT_CHOSEN),
                        Fields.count(json, "intermediate_size"),
                        0,
                        0,
                        Routing.softmax());
        int longest = json.intIn("max_position_embeddings", 1, Integer.MAX_VALUE, DEFAULT_CONTEXT);
        TransformerConfigBuilder b =
                LlamaDialect.common(json, DEFAULT_CONTEXT)
                        .architecture(modelType())
                        .positions(RopeFields.read(json, longest, false, DEFAULT_THETA))
                        .moe(moe)
                        .slidingWindow(Fields.optionalCount(json, "sliding_window"));
        Fields.tokens(json, Fields.count(json, "vocab_size"), 1, 2, b);
        return b.build();
    }

    @Override
    public void check(TransformerConfig c) {
        LlamaDialect.checkCommon(c);
        LlamaDialect.checkGrouped(c);
        MoeConfig moe = c.moe();
        ConfigDialect.require(
                moe != null
                        && moe.routing().equals(Routing.softmax())
                        && moe.sharedExperts() == 0
                        && moe.firstDense() == 0
                        && moe.intermediateSize() == c.intermediateSize(),
                c,
                "a mixture routed by softmax in every layer, of the model's intermediateSize");
        ConfigDialect.require(!c.qkvBias() && !c.outBias() && !c.mlpBias(), c, "no biases");
    }

    @Override
    public void write(TransformerConfig c, Map<String, @Nullable Object> out) {
        LlamaDialect.writeCommon(c, out);
        MoeConfig moe = Objects.requireNonNull(c.moe());
        out.put("num_local_experts", moe.experts());
        out.put("num_experts_per_tok", moe.expertsPerToken());
        out.put("output_router_logits", false);
        out.put("router_jitter_noise", 0.0);
        out.put("sliding_window", c.slidingWindow() > 0 ? c.slidingWindow() : null);
    }
}
