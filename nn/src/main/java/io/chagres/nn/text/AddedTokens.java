package io.chagres.nn.text;

import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.model.Vocabulary;
import io.chagres.nn.text.normalize.Normalizer;
import io.chagres.tensor.io.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.collections.impl.map.mutable.primitive.IntObjectHashMap;
import org.jspecify.annotations.Nullable;

/// The tokens added to a model's vocabulary.
final class AddedTokens {
    private final Map<String, AddedToken> byContent = new HashMap<>();
    private final IntObjectHashMap<AddedToken> byId = new IntObjectHashMap<>();
    private final AddedTokenMatcher plain = new AddedTokenMatcher();
    private final AddedTokenMatcher normalized = new AddedTokenMatcher();
    private int size;

    private AddedTokens() {}

    static AddedTokens read(List<JsonNode> json, Normalizer normalizer) {
        var added = new AddedTokens();
        for (JsonNode entry : json) {
            AddedToken token = AddedToken.read(entry);
            if (added.byContent.putIfAbsent(token.content(), token) != null) {
                throw entry.error("the token '" + token.content() + "' is added twice");
            }
            added.byId.put(token.id(), token);
            added.size = Math.max(added.size, token.id() + 1);
            if (token.normalized()) {
                String content = normalizer.apply(CharText.of(token.content(), false)).toString();
                if (!content.isEmpty()) {
                    added.normalized.add(content, token);
                }
            } else {
                added.plain.add(token.content(), token);
            }
        }
        return added;
    }

    /// One more than the largest id.
    int size() {
        return size;
    }

    int id(String content) {
        AddedToken token = byContent.get(content);
        return token == null ? Vocabulary.NONE : token.id();
    }

    @Nullable AddedToken token(int id) {
        return byId.get(id);
    }

    boolean isSpecial(int id) {
        AddedToken token = byId.get(id);
        return token != null && token.special();
    }

    /// Finds the tokens that stand in raw text.
    AddedTokenMatcher plain() {
        return plain;
    }

    /// Finds the tokens that stand in normalized text.
    AddedTokenMatcher normalized() {
        return normalized;
    }
}
