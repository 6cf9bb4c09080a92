package io.chagres.nn.text;

import io.chagres.tensor.io.JsonNode;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which tokens play which part, by `tokenizer_config.json`.
///
/// @param bos begins a text
/// @param eos ends a text
/// @param pad fills up
/// @param unknown stands for what the vocabulary lacks
record SpecialTokens(OptionalInt bos, OptionalInt eos, OptionalInt pad, OptionalInt unknown) {
    private static final Logger LOG = LoggerFactory.getLogger(SpecialTokens.class);

    /// Reads each part from the first object that declares it.
    static SpecialTokens read(List<JsonNode> configs, ToIntFunction<String> idOf) {
        return new SpecialTokens(
                find(configs, "bos_token", idOf),
                find(configs, "eos_token", idOf),
                find(configs, "pad_token", idOf),
                find(configs, "unk_token", idOf));
    }

    private static OptionalInt find(
            List<JsonNode> configs, String field, ToIntFunction<String> idOf) {
        for (JsonNode config : configs) {
            String content = content(config, field);
            if (content == null) {
                continue;
            }
            int id = idOf.applyAsInt(content);
            if (id >= 0) {
                return OptionalInt.of(id);
            }
            LOG.warn(
                    "{}: {} '{}' is not in the vocabulary and is ignored",
                    config.source(),
                    field,
                    content);
        }
        return OptionalInt.empty();
    }

    // A token is written as its text, or as an object that holds the text as `content`.
    private static @Nullable String content(JsonNode config, String field) {
        JsonNode token = config.find(field);
        if (token == null) {
            return null;
        }
        return token.isObject() ? token.string("content") : token.asString();
    }
}
