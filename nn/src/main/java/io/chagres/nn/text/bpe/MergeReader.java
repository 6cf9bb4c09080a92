package io.chagres.nn.text.bpe;

import io.chagres.nn.text.model.Vocabulary;
import io.chagres.tensor.io.JsonNode;
import java.util.List;

/// Reads the merges of a BPE model, written as `"a b"` or as `["a", "b"]`.
final class MergeReader {
    private MergeReader() {}

    static MergeTable read(JsonNode json, Vocabulary vocabulary) {
        List<JsonNode> list = json.list("merges");
        // The right part of a merge repeats this prefix, the result does not.
        int prefix = json.string("continuing_subword_prefix", "").length();
        int n = list.size();
        int[] left = new int[n];
        int[] right = new int[n];
        int[] result = new int[n];
        for (int rank = 0; rank < n; rank++) {
            JsonNode merge = list.get(rank);
            String[] pair = pair(merge);
            left[rank] = id(merge, pair[0], vocabulary);
            right[rank] = id(merge, pair[1], vocabulary);
            if (pair[1].length() < prefix) {
                throw merge.error("'" + pair[1] + "' lacks the continuing_subword_prefix");
            }
            result[rank] = id(merge, pair[0] + pair[1].substring(prefix), vocabulary);
        }
        return new MergeTable(left, right, result);
    }

    private static String[] pair(JsonNode merge) {
        if (merge.value() instanceof String line) {
            int space = line.indexOf(' ');
            if (space >= 0 && line.indexOf(' ', space + 1) < 0) {
                return new String[] {line.substring(0, space), line.substring(space + 1)};
            }
        } else if (merge.value() instanceof List<?> pair
                && pair.size() == 2
                && pair.get(0) instanceof String a
                && pair.get(1) instanceof String b) {
            return new String[] {a, b};
        }
        throw merge.error("expected \"a b\" or [\"a\", \"b\"], found " + merge);
    }

    private static int id(JsonNode merge, String token, Vocabulary vocabulary) {
        int id = vocabulary.id(token);
        if (id == Vocabulary.NONE) {
            throw merge.error("token '" + token + "' is not in the vocabulary");
        }
        return id;
    }
}
