package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

/// Decodes through a [StreamingDecoder].
final class Streams {
    private Streams() {}

    /// All that comes out, where no part may begin or end inside a surrogate pair.
    static String decode(Tokenizer tokenizer, int[] ids, boolean skipSpecialTokens) {
        StreamingDecoder decoder = tokenizer.streamingDecoder(skipSpecialTokens);
        var all = new StringBuilder();
        for (int id : ids) {
            append(decoder.push(id), all);
        }
        append(decoder.finish(), all);
        return all.toString();
    }

    private static void append(String part, StringBuilder all) {
        if (!part.isEmpty()) {
            assertThat(Character.isLowSurrogate(part.charAt(0))).isFalse();
            assertThat(Character.isHighSurrogate(part.charAt(part.length() - 1))).isFalse();
        }
        all.append(part);
    }
}
