package io.chagres.nn.hf.config;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.layer.Activation;
import io.chagres.nn.transformer.TransformerConfigBuilder;
import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Fields that several families share, with the spellings of older and newer files.
final class Fields {
    private static final Map<String, Activation> ACTIVATIONS = activations();

    private Fields() {}

    private static Map<String, Activation> activations() {
        Map<String, Activation> map = new LinkedHashMap<>();
        map.put("silu", Activation.SILU);
        map.put("swish", Activation.SILU);
        map.put("gelu", Activation.GELU);
        map.put("gelu_new", Activation.GELU_TANH);
        map.put("gelu_pytorch_tanh", Activation.GELU_TANH);
        map.put("gelu_fast", Activation.GELU_TANH);
        map.put("relu", Activation.RELU);
        return map;
    }

    /// A positive count under the first of its names that is there.
    static int count(JsonNode json, String... names) {
        for (String name : names) {
            if (json.has(name)) {
                return json.intIn(name, 1, Integer.MAX_VALUE);
            }
        }
        return json.intIn(names[0], 1, Integer.MAX_VALUE);
    }

    /// A count that may be missing or `null`: 0 then.
    static int optionalCount(JsonNode json, String name) {
        return json.intIn(name, 1, Integer.MAX_VALUE, 0);
    }

    static Activation activation(JsonNode json, String name, Activation absent) {
        JsonNode field = json.find(name);
        if (field == null) {
            return absent;
        }
        Activation a = ACTIVATIONS.get(field.asString());
        if (a == null) {
            throw UnsupportedModel.of(field, ACTIVATIONS.keySet());
        }
        return a;
    }

    /// The name under which an activation is written.
    static String name(Activation activation) {
        return switch (activation) {
            case SILU -> "silu";
            case GELU -> "gelu";
            case GELU_TANH -> "gelu_new";
            case RELU -> "relu";
        };
    }

    /// Special tokens. A missing field takes the family's default if the vocabulary has it; `null`
    /// and negative ids, which older files use for "none", mean none.
    static void tokens(
            JsonNode json,
            int vocabSize,
            @Nullable Integer bos,
            @Nullable Integer eos,
            TransformerConfigBuilder b) {
        List<Integer> eosIds = ids(json, "eos_token_id");
        if (!json.contains("eos_token_id") && eos != null && eos < vocabSize) {
            eosIds = List.of(eos);
        }
        Integer bosId = id(json.find("bos_token_id"));
        if (!json.contains("bos_token_id") && bos != null && bos < vocabSize) {
            bosId = bos;
        }
        b.tokens(bosId, eosIds, id(json.find("pad_token_id")));
    }

    /// Token ids of a field that holds one or a list.
    static List<Integer> ids(JsonNode json, String name) {
        JsonNode field = json.find(name);
        if (field == null) {
            return List.of();
        }
        List<Integer> ids = new ArrayList<>();
        for (JsonNode n : field.isList() ? field.asList() : List.of(field)) {
            Integer id = id(n);
            if (id != null) {
                ids.add(id);
            }
        }
        return ids;
    }

    static @Nullable Integer id(@Nullable JsonNode field) {
        if (field == null) {
            return null;
        }
        int id = field.asInt(Integer.MIN_VALUE, Integer.MAX_VALUE);
        return id < 0 ? null : id;
    }

    /// How ids are written: `null`, one, or a list.
    static @Nullable Object ids(List<Integer> ids) {
        return switch (ids.size()) {
            case 0 -> null;
            case 1 -> ids.getFirst();
            default -> ids;
        };
    }
}
