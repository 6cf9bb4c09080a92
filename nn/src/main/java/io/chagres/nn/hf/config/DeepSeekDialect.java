package io.chagres.nn.hf.config;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.moe.MoeConfig;
import io.chagres.nn.moe.Routing;
import io.chagres.nn.transformer.Positions;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.io.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// DeepSeek-V2 and DeepSeek-V3 (R1): latent attention and mixtures with shared experts. They differ
/// in how they route: V2 by softmax, V3 by sigmoid with a correction bias.
///
/// @param version 2 or 3
record DeepSeekDialect(int version) implements ConfigDialect {
    private static final int DEFAULT_CONTEXT = 2048;
    private static final String GREEDY = "greedy";
    private static final String GROUPED = "group_limited_greedy";
    private static final String CORRECTED = "noaux_tc";

    @Override
    public String modelType() {
        return "deepseek_v" + version;
    }

    @Override
    public String architecture() {
        return "DeepseekV" + version + "ForCausalLM";
    }

    @Override
    public TransformerConfig read(JsonNode json) {
        boolean bias = json.bool("attention_bias", false);
        if (json.bool("mlp_bias", false)) {
            throw UnsupportedModel.of(json.get("mlp_bias"), List.of("false"));
        }
        TransformerConfigBuilder b =
                LlamaDialect.common(json, DEFAULT_CONTEXT)
                        .architecture(modelType())
                        .headDim(0)
                        .numKvHeads(0)
                        .attention(
                                new AttentionKind.Latent(
                                        Fields.optionalCount(json, "q_lora_rank"),
                                        Fields.count(json, "kv_lora_rank"),
                                        Fields.count(json, "qk_nope_head_dim"),
                                        Fields.count(json, "qk_rope_head_dim"),
                                        Fields.count(json, "v_head_dim")))
                        .positions(positions(json))
                        .moe(json.has("n_routed_experts") ? moe(json) : null)
                        .nextTokens(json.intIn("num_nextn_predict_layers", 0, 64, 0))
                        .biases(bias, bias, false);
        int bos = version == 2 ? 1 : 0;
        Fields.tokens(json, Fields.count(json, "vocab_size"), bos, bos == 1 ? 2 : 1, b);
        return b.build();
    }

    private Positions.Rope positions(JsonNode json) {
        int longest = json.intIn("max_position_embeddings", 1, Integer.MAX_VALUE, DEFAULT_CONTEXT);
        boolean pairs = version == 2 || json.bool("rope_interleave", true);
        return RopeFields.read(json, longest, pairs);
    }

    private MoeConfig moe(JsonNode json) {
        requireValue(json, "scoring_func", version == 2 ? "softmax" : "sigmoid");
        if (json.intIn("moe_layer_freq", 1, Integer.MAX_VALUE, 1) != 1) {
            throw UnsupportedModel.of(json.get("moe_layer_freq"), List.of("1"));
        }
        return new MoeConfig(
                Fields.count(json, "n_routed_experts"),
                Fields.count(json, "num_experts_per_tok"),
                Fields.count(json, "moe_intermediate_size"),
                Fields.optionalCount(json, "n_shared_experts"),
                json.intIn("first_k_dense_replace", 0, Integer.MAX_VALUE, 0),
                routing(json));
    }

    private Routing routing(JsonNode json) {
        int groups = json.intIn("n_group", 1, Integer.MAX_VALUE, 1);
        int top = json.intIn("topk_group", 1, Integer.MAX_VALUE, groups);
        double scale = json.number("routed_scaling_factor", 1);
        if (version == 3) {
            requireValue(json, "topk_method", CORRECTED);
            boolean normalized = json.bool("norm_topk_prob", true);
            return new Routing(Routing.Score.SIGMOID, groups, top, 2, true, normalized, scale);
        }
        JsonNode method = json.find("topk_method");
        boolean grouped =
                switch (method == null ? GREEDY : method.asString()) {
                    case GREEDY -> false;
                    case GROUPED -> true;
                    default ->
                            throw UnsupportedModel.of(
                                    json.get("topk_method"), List.of(GREEDY, GROUPED));
                };
        return new Routing(
                Routing.Score.SOFTMAX,
                grouped ? groups : 1,
                grouped ? top : 1,
                1,
                false,
                json.bool("norm_topk_prob", false),
                scale);
    }

    private static void requireValue(JsonNode json, String name, String wanted) {
        JsonNode field = json.find(name);
        if (field != null && !field.asString().equals(wanted)) {
            throw UnsupportedModel.of(field, List.of(wanted));
        }
    }

    @Override
    public void check(TransformerConfig c) {
        LlamaDialect.checkCommon(c);
        ConfigDialect.require(c.attention() instanceof AttentionKind.Latent, c, "latent attention");
        ConfigDialect.require(
                c.qkvBias() == c.outBias() && !c.mlpBias(),
                c,
                "qkvBias and outBias to be the same, and no mlpBias");
        ConfigDialect.require(
                version == 3 || (c.positions() instanceof Positions.Rope r && r.interleaved()),
                c,
                "interleaved rotary positions");
        MoeConfig moe = c.moe();
        if (moe != null) {
            Routing r = moe.routing();
            boolean sigmoid = r.score() == Routing.Score.SIGMOID;
            ConfigDialect.require(
                    version == 3
                            ? sigmoid && r.correction() && r.groupBest() == 2
                            : !sigmoid && !r.correction() && r.groupBest() == 1,
                    c,
                    version == 3
                            ? "routing by sigmoid with a correction, groupBest 2"
                            : "routing by softmax without a correction, groupBest 1");
        }
    }

    @Override
    public void write(TransformerConfig c, Map<String, @Nullable Object> out) {
        LlamaDialect.writeCommon(c, out);
        out.put("attention_bias", c.qkvBias());
        if (c.attention() instanceof AttentionKind.Latent a) {
            out.put("head_dim", a.rotaryDim());
            out.put("q_lora_rank", a.queryRank() == 0 ? null : a.queryRank());
            out.put("kv_lora_rank", a.rank());
            out.put("qk_nope_head_dim", a.plainDim());
            out.put("qk_rope_head_dim", a.rotaryDim());
            out.put("qk_head_dim", a.queryDim());
            out.put("v_head_dim", a.valueDim());
        }
        if (version == 3 && c.positions() instanceof Positions.Rope rope) {
            out.put("rope_interleave", rope.interleaved());
        }
        MoeConfig moe = c.moe();
        out.put("n_routed_experts", moe == null ? null : moe.experts());
        if (moe != null) {
            write(moe, out);
        }
        if (c.nextTokens() > 0) {
            out.put("num_nextn_predict_layers", c.nextTokens());
        }
    }

    private void write(MoeConfig moe, Map<String, @Nullable Object> out) {
        Routing r = moe.routing();
        out.put("num_experts_per_tok", moe.expertsPerToken());
        out.put("moe_intermediate_size", moe.intermediateSize());
        out.put("n_shared_experts", moe.sharedExperts() == 0 ? null : moe.sharedExperts());
        out.put("first_k_dense_replace", moe.firstDense());
        out.put("moe_layer_freq", 1);
        out.put("n_group", r.groups());
        out.put("topk_group", r.topGroups());
        String method = r.groups() > 1 ? GROUPED : GREEDY;
        out.put("topk_method", version == 3 ? CORRECTED : method);
        out.put("scoring_func", version == 3 ? "sigmoid" : "softmax");
        out.put("norm_topk_prob", r.normalized());
        out.put("routed_scaling_factor", r.scale());
    }
}
