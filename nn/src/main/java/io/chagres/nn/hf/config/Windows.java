package io.chagres.nn.hf.config;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.io.JsonNode;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Sliding windows as Qwen's files have them: for all layers or none.
final class Windows {
    private static final int DEFAULT_WINDOW = 4096;
    private static final int DEFAULT_WINDOW_LAYERS = 28;
    private static final String SLIDING = "sliding_attention";
    private static final String FULL = "full_attention";

    private Windows() {}

    /// The window; 0 for none.
    static int read(JsonNode json) {
        if (!json.bool("use_sliding_window", false)
                || (json.contains("sliding_window") && !json.has("sliding_window"))) {
            return 0;
        }
        int window = json.intIn("sliding_window", 1, Integer.MAX_VALUE, DEFAULT_WINDOW);
        int layers = Fields.count(json, "num_hidden_layers");
        JsonNode types = json.find("layer_types");
        int full;
        if (types == null) {
            full = json.intIn("max_window_layers", 0, Integer.MAX_VALUE, DEFAULT_WINDOW_LAYERS);
        } else {
            full = fullLayers(types);
            layers = types.asList().size();
        }
        if (full >= layers) {
            return 0;
        }
        if (full > 0) {
            throw UnsupportedModel.of(
                    types == null ? json.get("use_sliding_window") : types,
                    List.of("a sliding window in all layers or in none"));
        }
        return window;
    }

    private static int fullLayers(JsonNode types) {
        int full = 0;
        for (JsonNode type : types.asList()) {
            switch (type.asString()) {
                case FULL -> full++;
                case SLIDING -> {}
                default -> throw UnsupportedModel.of(type, List.of(FULL, SLIDING));
            }
        }
        return full;
    }

    static void write(TransformerConfig c, Map<String, @Nullable Object> out) {
        boolean sliding = c.slidingWindow() > 0;
        out.put("use_sliding_window", sliding);
        out.put("sliding_window", sliding ? c.slidingWindow() : null);
        out.put("max_window_layers", sliding ? 0 : c.numLayers());
        out.put("layer_types", Collections.nCopies(c.numLayers(), sliding ? SLIDING : FULL));
    }
}
