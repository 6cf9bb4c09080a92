package io.chagres.nn.text.model;

import io.chagres.tensor.io.JsonNode;
import java.util.Arrays;
import java.util.Map;
import org.eclipse.collections.impl.map.mutable.primitive.ObjectIntHashMap;
import org.jspecify.annotations.Nullable;

/// A two-way table of tokens and ids. Never changes once built.
public final class Vocabulary {
    /// No such token.
    public static final int NONE = -1;

    /// Largest id accepted, so that a forged file cannot ask for a giant table.
    public static final int MAX_ID = (1 << 24) - 1;

    private final @Nullable String[] tokens;
    private final ObjectIntHashMap<String> ids;

    private Vocabulary(@Nullable String[] tokens, ObjectIntHashMap<String> ids) {
        this.tokens = tokens;
        this.ids = ids;
    }

    /// Reads an object that maps tokens to ids.
    ///
    /// @throws io.chagres.tensor.io.JsonException when a value is no id
    public static Vocabulary read(JsonNode json) {
        Map<String, JsonNode> fields = json.fields();
        var builder = new Builder(fields.size());
        fields.forEach((token, id) -> builder.put(token, id.asInt(0, MAX_ID)));
        return builder.build();
    }

    /// One more than the largest id.
    public int size() {
        return tokens.length;
    }

    /// The id of a token, or [#NONE].
    public int id(String token) {
        return ids.getIfAbsent(token, NONE);
    }

    /// The token with an id, or `null`.
    public @Nullable String token(int id) {
        return id >= 0 && id < tokens.length ? tokens[id] : null;
    }

    /// Collects the entries of a vocabulary.
    public static final class Builder {
        private @Nullable String[] tokens;
        private final ObjectIntHashMap<String> ids;
        private int size;

        /// An empty vocabulary.
        ///
        /// @param expected number of tokens expected
        public Builder(int expected) {
            tokens = new String[Math.max(16, expected)];
            ids = new ObjectIntHashMap<>(expected);
        }

        /// Adds a token; a later one replaces an earlier one of the same text.
        ///
        /// @param id 0 to [#MAX_ID]
        public void put(String token, int id) {
            if (id >= tokens.length) {
                tokens = Arrays.copyOf(tokens, Math.max(id + 1, tokens.length * 2));
            }
            tokens[id] = token;
            ids.put(token, id);
            size = Math.max(size, id + 1);
        }

        /// Number of different tokens.
        public int tokens() {
            return ids.size();
        }

        /// The finished vocabulary.
        public Vocabulary build() {
            return new Vocabulary(Arrays.copyOf(tokens, size), ids);
        }
    }
}
