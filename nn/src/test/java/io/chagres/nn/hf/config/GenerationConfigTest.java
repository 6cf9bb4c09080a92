package io.chagres.nn.hf.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationConfigTest {
    private static GenerationConfig of(String json) {
        return GenerationConfig.of(Json.parse(json, "generation_config.json"));
    }

    @Test
    void readsAllFields() {
        assertThat(
                        of(
                                """
                                {"do_sample": true, "temperature": 0.7, "top_k": 20, "top_p": 0.8,
                                 "min_p": 0.05, "repetition_penalty": 1.05, "bos_token_id": 1,
                                 "eos_token_id": [2, 3], "pad_token_id": 0, "max_new_tokens": 64,
                                 "max_length": 2048, "transformers_version": "4.37.0"}
                                """))
                .isEqualTo(
                        new GenerationConfig(
                                true, 0.7, 20, 0.8, 0.05, 1.05, 1, List.of(2, 3), 0, 64, 2048));
    }

    @Test
    void readsConstraints() {
        GenerationConfig config =
                of(
                        """
                        {"typical_p": 0.9, "min_length": 5, "min_new_tokens": 2,
                         "no_repeat_ngram_size": 3, "bad_words_ids": [[1, 2], [3]],
                         "suppress_tokens": [4]}
                        """);
        assertThat(config.constraints())
                .isEqualTo(
                        new GenerationConfig.Constraints(
                                0.9, 5, 2, 3, List.of(List.of(1, 2), List.of(3)), List.of(4)));
        assertThat(of(io.chagres.tensor.io.Json.line(config.toJson()))).isEqualTo(config);
        assertThatThrownBy(() -> of("{\"bad_words_ids\": [[]]}"))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("bad_words_ids");
    }

    @Test
    void silenceIsNotAChoice() {
        GenerationConfig empty = of("{\"top_k\": null}");
        assertThat(empty).isEqualTo(GenerationConfig.ofTokens(null, List.of(), null));
        assertThat(empty.toJson()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "temperature|-1",
                "temperature|\"hot\"",
                "top_p|1.5",
                "min_p|-0.1",
                "top_k|-1",
                "top_k|2.5",
                "repetition_penalty|0",
                "max_new_tokens|0",
                "eos_token_id|\"</s>\"",
                "do_sample|\"yes\"",
                "max_length|99999999999"
            })
    void namesTheFieldAtFault(String key, String value) {
        assertThatThrownBy(() -> of("{\"" + key + "\": " + value + "}"))
                .isInstanceOf(JsonException.class)
                .hasMessageStartingWith("generation_config.json: field " + key + ": ");
    }

    @Test
    void whatIsWrittenReadsBack(@TempDir Path dir) throws IOException {
        assertThat(GenerationConfig.read(dir)).isNull();
        for (GenerationConfig c :
                List.of(
                        GenerationConfig.ofTokens(1, List.of(2), 0),
                        GenerationConfig.ofTokens(null, List.of(2, 3), null),
                        new GenerationConfig(
                                true, 0.9, 40, 0.95, 0.1, 1.1, 1, List.of(), 0, 10, 20))) {
            c.write(dir.resolve(GenerationConfig.FILE));
            assertThat(GenerationConfig.read(dir)).isEqualTo(c);
        }
    }
}
