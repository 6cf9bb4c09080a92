package io.chagres.nn.text;

import io.chagres.nn.text.model.Vocabulary;
import io.chagres.tensor.io.JsonNode;

/// A token that is found in the text before the model sees it.
///
/// @param content the token
/// @param id its id
/// @param singleWord whether it is found only where no word character touches it
/// @param lstrip whether white space before it belongs to it
/// @param rstrip whether white space after it belongs to it
/// @param normalized whether it is looked for in normalized text
/// @param special whether decoding may leave it out
record AddedToken(
        String content,
        int id,
        boolean singleWord,
        boolean lstrip,
        boolean rstrip,
        boolean normalized,
        boolean special) {
    static AddedToken read(JsonNode json) {
        int id = json.intIn("id", 0, Vocabulary.MAX_ID);
        String content = json.string("content");
        if (content.isEmpty()) {
            throw json.get("content").error("an added token needs some text");
        }
        boolean special = json.bool("special", false);
        return new AddedToken(
                content,
                id,
                json.bool("single_word", false),
                json.bool("lstrip", false),
                json.bool("rstrip", false),
                json.bool("normalized", !special),
                special);
    }
}
