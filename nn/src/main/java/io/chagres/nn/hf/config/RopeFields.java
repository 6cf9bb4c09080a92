package io.chagres.nn.hf.config;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.transformer.Positions;
import io.chagres.nn.transformer.RopeScaling;
import io.chagres.tensor.io.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Rotary positions in a `config.json`: `rope_parameters` of newer files, else `rope_theta` and
/// `rope_scaling`.
final class RopeFields {
    private static final double DEFAULT_THETA = 10_000;
    private static final String ORIGINAL = "original_max_position_embeddings";
    private static final List<String> TYPES =
            List.of("default", "linear", "dynamic", "llama3", "yarn");

    private RopeFields() {}

    /// Reads the positions of a model.
    ///
    /// @param maxPositions longest sequence of the model
    /// @param interleaved whether its family rotates neighbours
    static Positions.Rope read(JsonNode json, int maxPositions, boolean interleaved) {
        return read(json, maxPositions, interleaved, DEFAULT_THETA);
    }

    /// The same for a family whose theta is another when it is not given.
    static Positions.Rope read(
            JsonNode json, int maxPositions, boolean interleaved, double usualTheta) {
        double theta = json.number("rope_theta", usualTheta);
        RopeScaling scaling = new RopeScaling.None();
        requireFullRotation(json);
        for (String name : List.of("rope_scaling", "rope_parameters")) {
            JsonNode parameters = json.find(name);
            if (parameters != null) {
                requireFullRotation(parameters);
                requireOneForAll(parameters);
                theta = parameters.number("rope_theta", theta);
                scaling = scaling(parameters, maxPositions);
            }
        }
        return new Positions.Rope(theta, scaling, interleaved);
    }

    private static RopeScaling scaling(JsonNode p, int maxPositions) {
        JsonNode type = p.find(p.has("rope_type") ? "rope_type" : "type");
        if (type == null) {
            return new RopeScaling.None();
        }
        int trained = p.intIn(ORIGINAL, 1, Integer.MAX_VALUE, maxPositions);
        return switch (type.asString()) {
            case "default" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(p.number("factor"));
            case "dynamic" -> new RopeScaling.Dynamic(p.number("factor"), trained);
            case "llama3" ->
                    new RopeScaling.Llama3(
                            p.number("factor"),
                            p.number("low_freq_factor"),
                            p.number("high_freq_factor"),
                            trained);
            case "yarn" ->
                    new RopeScaling.Yarn(
                            p.number("factor", (double) maxPositions / trained),
                            trained,
                            orUsual(p, "beta_fast", 32),
                            orUsual(p, "beta_slow", 1),
                            optional(p, "attention_factor"),
                            optional(p, "mscale"),
                            optional(p, "mscale_all_dim"),
                            p.bool("truncate", true));
            default -> throw UnsupportedModel.of(type, TYPES);
        };
    }

    private static double orUsual(JsonNode p, String name, double usual) {
        double value = p.number(name, usual);
        return value == 0 ? usual : value;
    }

    private static @Nullable Double optional(JsonNode p, String name) {
        return p.has(name) ? p.number(name) : null;
    }

    private static void requireOneForAll(JsonNode parameters) {
        parameters.fields().values().stream()
                .filter(JsonNode::isObject)
                .findFirst()
                .ifPresent(n -> {
                    throw UnsupportedModel.of(n, List.of("one rope for all layers"));
                });
    }

    private static void requireFullRotation(JsonNode json) {
        if (json.number("partial_rotary_factor", 1) != 1) {
            throw UnsupportedModel.of(json.get("partial_rotary_factor"), List.of("1"));
        }
    }

    /// Writes positions for readers of older and of newer files.
    static void write(Positions.Rope rope, Map<String, @Nullable Object> out) {
        Map<String, Object> scaling = scaling(rope.scaling());
        out.put("rope_theta", rope.theta());
        out.put("rope_scaling", rope.scaling() instanceof RopeScaling.None ? null : scaling);
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("rope_theta", rope.theta());
        parameters.putAll(scaling);
        out.put("rope_parameters", parameters);
    }

    private static Map<String, Object> scaling(RopeScaling scaling) {
        Map<String, Object> out = new LinkedHashMap<>();
        switch (scaling) {
            case RopeScaling.None() -> out.put("rope_type", "default");
            case RopeScaling.Linear(double factor) -> {
                out.put("rope_type", "linear");
                out.put("factor", factor);
            }
            case RopeScaling.Dynamic(double factor, int trained) -> {
                out.put("rope_type", "dynamic");
                out.put("factor", factor);
                out.put(ORIGINAL, trained);
            }
            case RopeScaling.Llama3 s -> {
                out.put("rope_type", "llama3");
                out.put("factor", s.factor());
                out.put("low_freq_factor", s.lowFactor());
                out.put("high_freq_factor", s.highFactor());
                out.put(ORIGINAL, s.trained());
            }
            case RopeScaling.Yarn s -> {
                out.put("rope_type", "yarn");
                out.put("factor", s.factor());
                out.put(ORIGINAL, s.trained());
                out.put("beta_fast", s.betaFast());
                out.put("beta_slow", s.betaSlow());
                put(out, "attention_factor", s.attentionFactor());
                put(out, "mscale", s.mscale());
                put(out, "mscale_all_dim", s.mscaleAllDim());
                out.put("truncate", s.truncate());
            }
        }
        return out;
    }

    private static void put(Map<String, Object> out, String name, @Nullable Double value) {
        if (value != null) {
            out.put(name, value);
        }
    }
}
