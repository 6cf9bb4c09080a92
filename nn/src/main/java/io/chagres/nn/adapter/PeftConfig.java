package io.chagres.nn.adapter;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The fields of `adapter_config.json`. What we know is read; a field that we do not know must be
/// unset, since an adapter that is applied otherwise than it was trained is worse than none.
final class PeftConfig {
    static final String LORA = "LORA";
    static final String PREFIX = "PREFIX_TUNING";

    /// The version of PEFT whose fields these are.
    private static final String VERSION = "0.20.0";

    private static final int MANY = 1 << 24;

    /// Fields that say nothing about how an adapter acts once it is there.
    private static final Set<String> NEUTRAL =
            Set.of(
                    "auto_mapping",
                    "base_model_name_or_path",
                    "fan_in_fan_out",
                    "inference_mode",
                    "init_weights",
                    "loftq_config",
                    "megatron_core",
                    "peft_type",
                    "peft_version",
                    "qalora_group_size",
                    "revision",
                    "runtime_config",
                    "task_type");

    private static final Set<String> KNOWN_LORA =
            Set.of(
                    "alpha_pattern",
                    "bias",
                    "ensure_weight_tying",
                    "exclude_modules",
                    "init_lora_weights",
                    "layers_pattern",
                    "layers_to_transform",
                    "lora_alpha",
                    "lora_dropout",
                    "modules_to_save",
                    "r",
                    "rank_pattern",
                    "target_modules",
                    "use_dora",
                    "use_rslora");

    private static final Set<String> KNOWN_PREFIX =
            Set.of(
                    "encoder_hidden_size",
                    "num_attention_heads",
                    "num_layers",
                    "num_transformer_submodules",
                    "num_virtual_tokens",
                    "prefix_projection",
                    "token_dim");

    /// Ways to begin that leave the base as it is; others have changed it.
    private static final Set<String> BEGINNINGS = Set.of("gaussian", "eva", "orthogonal");

    private PeftConfig() {}

    /// Settings of LoRA.
    ///
    /// @throws UnsupportedModel naming a field that asks for what we do not know
    static LoraConfig lora(JsonNode json) {
        checkUnknown(json, KNOWN_LORA);
        String bias = json.string("bias", "none");
        if (!bias.equals("none")) {
            throw unsupported(json, "bias", bias);
        }
        JsonNode begin = json.find("init_lora_weights");
        if (begin != null && begin.isString() && !BEGINNINGS.contains(begin.asString())) {
            throw unsupported(json, "init_lora_weights", begin.asString());
        }
        JsonNode pattern = json.find("layers_pattern");
        if (pattern != null && !isUnset(pattern)) {
            throw unsupported(json, "layers_pattern", pattern.value());
        }
        Map<String, Integer> ranks = new LinkedHashMap<>();
        Map<String, Double> alphas = new LinkedHashMap<>();
        fields(json, "rank_pattern").forEach((k, v) -> ranks.put(k, v.asInt(1, MANY)));
        fields(json, "alpha_pattern").forEach((k, v) -> alphas.put(k, v.asDouble()));
        return new LoraConfig(
                json.intIn("r", 1, MANY, 8),
                json.number("lora_alpha", 8),
                json.number("lora_dropout", 0),
                json.bool("use_rslora", false),
                json.bool("use_dora", false),
                targets(json),
                ranks,
                alphas,
                texts(json, "modules_to_save"),
                json.bool("ensure_weight_tying", false));
    }

    private static Targets targets(JsonNode json) {
        JsonNode targets = json.find("target_modules");
        if (targets == null || isUnset(targets)) {
            throw json.error("target_modules is missing: which layers are adapted?");
        }
        boolean pattern = targets.isString();
        List<Integer> layers = new ArrayList<>();
        JsonNode some = json.find("layers_to_transform");
        if (some != null && some.isList()) {
            some.asList().forEach(n -> layers.add(n.asInt(0, MANY)));
        } else if (some != null && !some.isNull()) {
            layers.add(some.asInt(0, MANY));
        }
        JsonNode exclude = json.find("exclude_modules");
        if (exclude != null && exclude.isString()) {
            throw unsupported(json, "exclude_modules", exclude.asString() + " (a pattern)");
        }
        return new Targets(
                pattern ? List.of() : texts(json, "target_modules"),
                pattern ? targets.asString() : null,
                texts(json, "exclude_modules"),
                layers);
    }

    /// Settings of a prefix, which is always one that is trained itself: what made it is not
    /// stored.
    ///
    /// @throws UnsupportedModel naming a field that asks for what we do not know
    static PrefixConfig prefix(JsonNode json) {
        checkUnknown(json, KNOWN_PREFIX);
        if (json.integer("num_transformer_submodules", 1) != 1) {
            throw unsupported(
                    json, "num_transformer_submodules", json.integer("num_transformer_submodules"));
        }
        return PrefixConfig.of(json.intIn("num_virtual_tokens", 1, MANY));
    }

    /// The fields of LoRA.
    static Map<String, @Nullable Object> of(LoraConfig c, String baseModel, boolean fanInFanOut) {
        Map<String, @Nullable Object> f = common(LORA, baseModel);
        for (String unset :
                List.of(
                        "alora_invocation_tokens",
                        "arrow_config",
                        "corda_config",
                        "eva_config",
                        "kasa_config",
                        "layer_replication",
                        "layers_pattern",
                        "lora_ga_config",
                        "megatron_config",
                        "monteclora_config",
                        "target_parameters",
                        "trainable_token_indices",
                        "use_bdlora",
                        "velora_config")) {
            f.put(unset, null);
        }
        Map<String, Object> alphas = new LinkedHashMap<>();
        c.alphaPattern().forEach((k, v) -> alphas.put(k, plain(v)));
        Targets t = c.targets();
        f.put("alpha_pattern", alphas);
        f.put("bias", "none");
        f.put("ensure_weight_tying", c.tieEmbeddings());
        f.put("exclude_modules", t.exclude().isEmpty() ? null : t.exclude());
        f.put("fan_in_fan_out", fanInFanOut);
        f.put("init_lora_weights", true);
        f.put("layers_to_transform", t.layers().isEmpty() ? null : t.layers());
        f.put("loftq_config", Map.of());
        f.put("lora_alpha", plain(c.alpha()));
        f.put("lora_bias", false);
        f.put("lora_dropout", c.dropout());
        f.put("megatron_core", "megatron.core");
        f.put("modules_to_save", c.modulesToSave().isEmpty() ? null : c.modulesToSave());
        f.put("qalora_group_size", 16);
        f.put("r", c.rank());
        f.put("rank_pattern", c.rankPattern());
        f.put("target_modules", t.pattern() == null ? t.names() : t.pattern());
        f.put("use_dora", c.dora());
        f.put("use_qalora", false);
        f.put("use_rslora", c.rankStabilized());
        return f;
    }

    /// The fields of a prefix.
    static Map<String, @Nullable Object> of(
            PrefixConfig c, TransformerConfig model, String baseModel) {
        int width = model.numKvHeads() * model.headDim();
        Map<String, @Nullable Object> f = common(PREFIX, baseModel);
        f.put("encoder_hidden_size", c.inner() == 0 ? width : c.inner());
        f.put("init_weights", null);
        f.put("num_attention_heads", model.numKvHeads());
        f.put("num_layers", model.numLayers());
        f.put("num_transformer_submodules", 1);
        f.put("num_virtual_tokens", c.tokens());
        f.put("prefix_projection", c.inner() > 0);
        f.put("token_dim", width);
        return f;
    }

    private static Map<String, @Nullable Object> common(String type, String baseModel) {
        Map<String, @Nullable Object> f = new TreeMap<>();
        f.put("auto_mapping", null);
        f.put("base_model_name_or_path", baseModel);
        f.put("inference_mode", true);
        f.put("peft_type", type);
        f.put("peft_version", VERSION);
        f.put("revision", null);
        f.put("task_type", "CAUSAL_LM");
        return f;
    }

    private static Number plain(double x) {
        return x == Math.rint(x) && Math.abs(x) < MANY ? (Number) (long) x : (Number) x;
    }

    private static List<String> texts(JsonNode json, String field) {
        return json.listOrEmpty(field).stream().map(JsonNode::asString).toList();
    }

    private static Map<String, JsonNode> fields(JsonNode json, String field) {
        JsonNode found = json.find(field);
        return found == null || found.isNull() ? Map.of() : found.fields();
    }

    private static void checkUnknown(JsonNode json, Set<String> known) {
        json.fields()
                .forEach((name, value) -> {
                    if (!known.contains(name) && !NEUTRAL.contains(name) && !isUnset(value)) {
                        throw unsupported(json, name, value.value());
                    }
                });
    }

    private static boolean isUnset(JsonNode value) {
        return value.isNull()
                || Boolean.FALSE.equals(value.value())
                || (value.isList() && value.asList().isEmpty())
                || (value.isObject() && value.fields().isEmpty());
    }

    private static UnsupportedModel unsupported(
            JsonNode json, String field, @Nullable Object value) {
        return new UnsupportedModel(
                json.source() + ": " + field + " is " + value + ", which is not supported");
    }
}
