package io.chagres.nn.text.post;

import io.chagres.nn.text.chars.TokenBuffer;
import java.util.List;

/// Finishes the tokens of one text. Stateless and safe for all threads.
@FunctionalInterface
public interface PostProcessor {
    /// Changes `tokens` in place.
    ///
    /// @param addSpecialTokens whether special tokens are wanted
    void apply(TokenBuffer tokens, boolean addSpecialTokens);

    /// Applies several, one after the other.
    static PostProcessor sequence(List<PostProcessor> parts) {
        List<PostProcessor> all = List.copyOf(parts);
        return (tokens, addSpecialTokens) -> {
            for (PostProcessor part : all) {
                part.apply(tokens, addSpecialTokens);
            }
        };
    }

    /// Puts fixed ids before and after the text's tokens, where special tokens are wanted. Their
    /// source range is `[0, 0)`.
    static PostProcessor around(int[] before, int[] after) {
        int[] first = before.clone();
        int[] last = after.clone();
        return (tokens, addSpecialTokens) -> {
            if (addSpecialTokens) {
                for (int i = 0; i < first.length; i++) {
                    tokens.insert(i, first[i], 0, 0);
                }
                for (int id : last) {
                    tokens.add(id, 0, 0);
                }
            }
        };
    }
}
