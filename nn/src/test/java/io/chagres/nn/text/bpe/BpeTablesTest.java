package io.chagres.nn.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.nn.text.model.Vocabulary;
import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BpeTablesTest {
    private static final String FILE =
            """
            { "version": "1.0", "decoder": {"a": ["]", "\\\\", "}\\""], "b": -1.5e3, "c": null},
              "model": {
                "type": "BPE",
                "vocab": {"a": 0, "\\u0120": 1, "é": 12 , "aé" :3, "\\"\\\\\\/\\n" : 4, "😀": 5,
                   "Ġa": 6, "a\\ud83d\\ude00é": 7, "aa": 8, "😀é": 9},
                "merges": ["a é", ["a", "a"], "\\u0120 a", "\\ud83d\\ude00 é", "a 😀é"],
                "unk_token": null
              },
              "added_tokens": []
            }
            """;

    @Test
    void tablesAreWhatTheGeneralReaderReads() {
        JsonNode model = Json.parse(FILE, "file").object("model");
        Vocabulary expected = Vocabulary.read(model.object("vocab"));
        MergeTable merges = MergeReader.read(model, expected);
        BpeTables tables = read(FILE);
        assertThat(tables).isNotNull();
        assertThat(tables.vocabulary().size()).isEqualTo(expected.size());
        for (int id = 0; id < expected.size(); id++) {
            String token = expected.token(id);
            assertThat(tables.vocabulary().token(id)).isEqualTo(token);
            if (token != null) {
                assertThat(tables.vocabulary().id(token)).isEqualTo(id);
            }
            for (int right = 0; right < expected.size(); right++) {
                assertThat(tables.merges().find(id, right)).isEqualTo(merges.find(id, right));
            }
        }
        assertThat(merges.find(0, 12)).isEqualTo(3);
    }

    @Test
    void theRestIsTheFileWithoutThem() {
        BpeTables tables = read(FILE);
        assertThat(tables).isNotNull();
        JsonNode rest = Json.parse(new String(tables.rest(), StandardCharsets.UTF_8), "rest");
        assertThat(rest.get("decoder").value())
                .isEqualTo(Json.parse(FILE, "file").get("decoder").value());
        assertThat(rest.object("model").toString())
                .isEqualTo("{\"type\":\"BPE\",\"vocab\":{},\"merges\":[],\"unk_token\":null}");
        assertThat(rest.contains("added_tokens")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"model\": {}}",
                "{\"model\": {\"vocab\": {}, \"merges\": []}}",
                "{\"model\": {\"vocab\": [[\"a\", 1]], \"merges\": []}}",
                "{\"model\": {\"vocab\": {\"a\": 1}}}",
                "{\"model\": {\"vocab\": {\"a\": 1, \"a\": 2}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\": -1, \"aa\": 2}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\": 1.0, \"aa\": 2}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\": 01, \"aa\": 2}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\": 16777216, \"aa\": 2}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\": 1 \"aa\": 2}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\": 1, \"aa\": 2,}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\\x\": 1, \"aa\": 2}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\t\": 1, \"aa\": 2}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\": 1, \"aa\": 2}, \"merges\": [\"a b\"]}}",
                "{\"model\": {\"vocab\": {\"a\": 1, \"aa\": 2}, \"merges\": [\"aa\"]}}",
                "{\"model\": {\"vocab\": {\"a\": 1, \"aa\": 2}, \"merges\": [\"a a \"]}}",
                "{\"model\": {\"vocab\": {\"a\": 1, \"aa\": 2}, \"merges\": [[\"a\"]]}}",
                "{\"model\": {\"merges\": [\"a a\"], \"vocab\": {\"a\": 1, \"aa\": 2}}}",
                "{\"model\": {\"vocab\": {\"a\": 1, \"\uFFFD\": 2}, \"merges\": [\"a a\"]}}",
                "{\"model\": {\"vocab\": {\"a\": 1, \"aa",
            })
    void whatIsWrongOrUnusualIsLeftToTheGeneralReader(String text) {
        assertThat(read(text)).isNull();
    }

    private static @Nullable BpeTables read(String text) {
        return BpeTables.read(text.getBytes(StandardCharsets.UTF_8));
    }
}
