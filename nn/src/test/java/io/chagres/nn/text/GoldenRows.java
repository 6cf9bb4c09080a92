package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.JsonNode;
import java.util.List;

/// Compares a tokenizer with one row of what Hugging Face's library does with a text.
final class GoldenRows {
    private GoldenRows() {}

    /// @param exact whether ranges must be equal; otherwise ours may be wider, since we keep all
    ///   characters that were composed or replaced, where Hugging Face keeps one of them
    static void check(Tokenizer tokenizer, JsonNode row, boolean exact) {
        String text = row.string("text");
        int[] special = ints(row.list("ids_with_special"));
        assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(ints(row.list("ids")));
        assertThat(tokenizer.encode(text)).as(text).isEqualTo(special);
        assertThat(tokenizer.decode(special, false)).isEqualTo(row.string("decoded"));
        if (row.has("decoded_skip")) {
            assertThat(tokenizer.decode(special, true)).isEqualTo(row.string("decoded_skip"));
        }

        Encoding encoding = tokenizer.encodeWithOffsets(text, true);
        assertThat(encoding.ids()).as(text).isEqualTo(special);
        List<JsonNode> offsets = row.list("offsets");
        assertThat(offsets).hasSize(encoding.size());
        for (int i = 0; i < encoding.size(); i++) {
            int start = text.codePointCount(0, encoding.start(i));
            int end = text.codePointCount(0, encoding.end(i));
            int[] hf = ints(offsets.get(i).asList());
            int hfStart = hf[0];
            int hfEnd = hf[1];
            if (exact) {
                assertThat(new int[] {start, end})
                        .as("range of token %d of '%s'", i, text)
                        .containsExactly(hfStart, hfEnd);
            } else {
                assertThat(start).as(text).isLessThanOrEqualTo(hfStart);
                assertThat(end).as(text).isGreaterThanOrEqualTo(hfEnd);
            }
        }
    }

    private static int[] ints(List<JsonNode> list) {
        return list.stream().mapToInt(n -> n.asInt(0, Integer.MAX_VALUE)).toArray();
    }
}
