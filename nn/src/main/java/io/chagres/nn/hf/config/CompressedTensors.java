package io.chagres.nn.hf.config;

import io.chagres.nn.UnsupportedModel;
import io.chagres.tensor.io.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/// The `quantization_config` of a `config.json` in the format "compressed-tensors", as far as it is
/// about weights of 8 bits: which modules have them, and how. Everything that would change what a
/// model computes and is not known here is an error.
///
/// Format: <https://github.com/vllm-project/compressed-tensors>, `int-quantized`.
///
/// @param groups ways, each with the modules it is for
/// @param ignore modules that stay as they are: names, `re:` with a regular expression that the
///   beginning of a name matches, or classes
public record CompressedTensors(List<Group> groups, List<String> ignore) {
    /// The field of `config.json`.
    public static final String FIELD = "quantization_config";

    private static final String METHOD = "compressed-tensors";
    private static final String FORMAT = "int-quantized";
    private static final String REGEX = "re:";
    private static final int BITS = 8;
    private static final int SHOWN = 3;

    /// Modules that are stored alike.
    ///
    /// @param targets names, `re:` with a regular expression, or classes
    /// @param groupSize elements of a row that share a scale; 0 for a whole row
    /// @param oneScale whether there is one scale for a whole matrix
    /// @param dynamic whether inputs are rounded to 8 bits too, token by token
    public record Group(List<String> targets, int groupSize, boolean oneScale, boolean dynamic) {}

    /// Class of a module, as configs name it.
    public enum Kind {
        /// A linear layer, stored (out, in).
        LINEAR("Linear"),
        /// GPT-2's linear layer, stored (in, out).
        CONV1D("Conv1D"),
        /// A table of vectors.
        EMBEDDING("Embedding");

        private final String name;

        Kind(String name) {
            this.name = name;
        }

        /// Its name in a config.
        public String label() {
            return name;
        }
    }

    /// How the matrix of a module is stored; null when it is not of 8 bits.
    ///
    /// @param module its name, such as `model.layers.0.mlp.up_proj`
    public @Nullable Group find(String module, Kind kind) {
        if (matches(ignore, module, kind)) {
            return null;
        }
        for (Group g : groups) {
            if (matches(g.targets(), module, null)) {
                return g;
            }
        }
        for (Group g : groups) {
            if (g.targets().contains(kind.label())) {
                return g;
            }
        }
        return null;
    }

    private static boolean matches(List<String> patterns, String module, @Nullable Kind kind) {
        for (String p : patterns) {
            boolean hit =
                    p.startsWith(REGEX)
                            ? Pattern.compile(p.substring(REGEX.length()))
                                    .matcher(module)
                                    .lookingAt()
                            : p.equals(module) || (kind != null && p.equals(kind.label()));
            if (hit) {
                return true;
            }
        }
        return false;
    }

    /// Reads a `quantization_config`.
    ///
    /// @throws UnsupportedModel when it asks for what is not supported, naming the field
    /// @throws io.chagres.tensor.io.JsonException when it is malformed
    public static CompressedTensors read(JsonNode json) {
        only(json, "quant_method", METHOD);
        only(json, "format", FORMAT);
        if (json.find("quantization_status") != null) {
            only(json, "quantization_status", "compressed");
        }
        absent(json, "kv_cache_scheme");
        JsonNode sparsity = json.find("sparsity_config");
        if (sparsity != null && !sparsity.fields().isEmpty()) {
            only(sparsity, "format", "dense");
        }
        List<Group> groups = new ArrayList<>();
        for (JsonNode g : json.object("config_groups").fields().values()) {
            groups.add(group(g));
        }
        return new CompressedTensors(
                List.copyOf(groups),
                json.find("ignore") == null ? List.of() : names(json, "ignore"));
    }

    private static Group group(JsonNode g) {
        if (g.find("format") != null) {
            only(g, "format", FORMAT);
        }
        absent(g, "output_activations");
        JsonNode weights = g.object("weights");
        eightBits(weights);
        if (weights.bool("dynamic", false)) {
            throw UnsupportedModel.of(weights.get("dynamic"), List.of("false"));
        }
        absent(weights, "block_structure");
        if (weights.find("actorder") != null) {
            only(weights, "actorder", "weight", "static");
        }
        JsonNode strategy = weights.get("strategy");
        int size = 0;
        switch (strategy.asString()) {
            case "channel", "tensor" -> {}
            case "group" -> size = weights.intIn("group_size", 1, Integer.MAX_VALUE);
            default -> throw UnsupportedModel.of(strategy, List.of("channel", "group", "tensor"));
        }
        JsonNode inputs = g.find("input_activations");
        if (inputs != null) {
            eightBits(inputs);
            only(inputs, "strategy", "token");
            if (!inputs.bool("dynamic", false)) {
                throw UnsupportedModel.of(inputs, List.of("scales that are dynamic, per token"));
            }
        }
        boolean whole = strategy.asString().equals("tensor");
        return new Group(names(g, "targets"), size, whole, inputs != null);
    }

    private static void eightBits(JsonNode args) {
        if (args.integer("num_bits", BITS) != BITS) {
            throw UnsupportedModel.of(args.get("num_bits"), List.of("8"));
        }
        if (args.find("type") != null) {
            only(args, "type", "int");
        }
        if (!args.bool("symmetric", true)) {
            throw UnsupportedModel.of(args.get("symmetric"), List.of("true: no zero points"));
        }
    }

    private static List<String> names(JsonNode parent, String field) {
        List<String> all = new ArrayList<>();
        for (JsonNode name : parent.list(field)) {
            String text = name.asString();
            if (text.startsWith(REGEX)) {
                try {
                    Pattern.compile(text.substring(REGEX.length()));
                } catch (PatternSyntaxException e) {
                    throw name.error("is no regular expression: " + e.getDescription());
                }
            }
            all.add(text);
        }
        return List.copyOf(all);
    }

    private static void only(JsonNode parent, String field, String... supported) {
        JsonNode value = parent.get(field);
        if (!value.isString() || !List.of(supported).contains(value.asString())) {
            throw UnsupportedModel.of(value, List.of(supported));
        }
    }

    private static void absent(JsonNode parent, String field) {
        JsonNode value = parent.find(field);
        if (value != null) {
            throw UnsupportedModel.of(value, List.of("null"));
        }
    }

    /// In a few words, such as `W8A8, a scale per row: Linear; W8, a scale per row: Embedding`.
    public String describe() {
        List<String> all = new ArrayList<>();
        for (Group g : groups) {
            String scales =
                    g.oneScale()
                            ? "one scale"
                            : g.groupSize() == 0 ? "a scale per row" : "groups of " + g.groupSize();
            String targets =
                    g.targets().size() > SHOWN
                            ? g.targets().size() + " modules"
                            : String.join(", ", g.targets());
            all.add((g.dynamic() ? "W8A8" : "W8") + ", " + scales + ": " + targets);
        }
        return String.join("; ", all);
    }

    /// The content of the field.
    public Map<String, @Nullable Object> toJson() {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        Map<String, @Nullable Object> each = new LinkedHashMap<>();
        for (int i = 0; i < groups.size(); i++) {
            each.put("group_" + i, toJson(groups.get(i)));
        }
        all.put("config_groups", each);
        all.put("format", FORMAT);
        all.put("ignore", ignore);
        all.put("kv_cache_scheme", null);
        all.put("quant_method", METHOD);
        all.put("quantization_status", "compressed");
        return all;
    }

    private static Map<String, @Nullable Object> toJson(Group g) {
        String strategy = g.oneScale() ? "tensor" : g.groupSize() == 0 ? "channel" : "group";
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("targets", g.targets());
        all.put("weights", args(strategy, g.groupSize() == 0 ? null : g.groupSize(), false));
        all.put("input_activations", g.dynamic() ? args("token", null, true) : null);
        all.put("output_activations", null);
        return all;
    }

    private static Map<String, @Nullable Object> args(
            String strategy, @Nullable Integer groupSize, boolean dynamic) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("num_bits", BITS);
        all.put("type", "int");
        all.put("symmetric", true);
        all.put("group_size", groupSize);
        all.put("strategy", strategy);
        all.put("block_structure", null);
        all.put("dynamic", dynamic);
        all.put("actorder", null);
        all.put("observer", dynamic ? null : "minmax");
        all.put("observer_kwargs", Map.of());
        return all;
    }
}
