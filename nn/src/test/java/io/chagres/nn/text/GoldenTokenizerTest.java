package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.Json;
import io.chagres.tensor.io.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Tokenizers of well-known models against ids computed by Hugging Face's library.
class GoldenTokenizerTest {
    @ParameterizedTest
    @ValueSource(strings = {"deepseek_v3", "qwen3", "gpt2"})
    void agreesWithHuggingFace(String name) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(SharedData.require("data/tokenizers/" + name));
        List<JsonNode> rows =
                Json.read(SharedData.require("golden/tokenizer_golden.json")).list(name);
        assertThat(rows).isNotEmpty();
        for (JsonNode row : rows) {
            GoldenRows.check(tokenizer, row, true);
        }
    }

    @ParameterizedTest
    @CsvSource({"gpt2,gpt-2", "qwen3,qwen2"})
    void agreesWithLlamaCpp(String name, String file) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(SharedData.require("data/tokenizers/" + name));
        String stem = "data/tokenizers/llamacpp/ggml-vocab-" + file + ".gguf";
        String[] texts =
                Files.readString(SharedData.require(stem + ".inp"))
                        .split("\n__ggml_vocab_test__\n", -1);
        List<String> expected = Files.readAllLines(SharedData.require(stem + ".out"));
        assertThat(expected.size()).isGreaterThan(40);
        for (int i = 0; i < expected.size(); i++) {
            int[] ids =
                    Arrays.stream(expected.get(i).trim().split(" "))
                            .filter(id -> !id.isEmpty())
                            .mapToInt(Integer::parseInt)
                            .toArray();
            assertThat(tokenizer.encode(texts[i], false)).as(texts[i]).isEqualTo(ids);
        }
    }

    @Test
    void sentencePieceBpeWithByteFallback() throws IOException {
        Tokenizer tokenizer = Tokenizer.load(SharedData.require("data/stories260K-hf"));
        assertThat(tokenizer.vocabSize()).isEqualTo(512);
        assertThat(tokenizer.bosId()).hasValue(1);
        assertThat(tokenizer.eosId()).hasValue(2);
        assertThat(tokenizer.padId()).isEmpty();

        String story = "Once upon a time, there was a little girl named Lily.";
        assertThat(tokenizer.encode(story))
                .containsExactly(
                        1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317,
                        426);
        String mixed = "naïve 中文 😀";
        int[] ids = tokenizer.encode(mixed);
        assertThat(ids)
                .containsExactly(
                        1, 297, 412, 198, 178, 360, 410, 231, 187, 176, 233, 153, 138, 410, 243,
                        162, 155, 131);
        assertThat(tokenizer.decode(ids, true)).isEqualTo(mixed);
        assertThat(tokenizer.encode("<s>hello</s>")).containsExactly(1, 1, 281, 306, 414, 2);
        assertThat(tokenizer.encode(" two  spaces\n", false))
                .containsExactly(410, 259, 424, 414, 410, 262, 427, 412, 331, 419, 13);
    }

    @Test
    void readsSpecialTokensFromTheConfig() throws IOException {
        Path folder = SharedData.require("data/tokenizers");
        Tokenizer qwen = Tokenizer.load(folder.resolve("qwen3"));
        assertThat(qwen.bosId()).isEmpty();
        assertThat(qwen.eosId()).hasValue(151645);
        assertThat(qwen.padId()).hasValue(151643);
        assertThat(qwen.isSpecial(151645)).isTrue();
        assertThat(qwen.isSpecial(151657)).as("<tool_call> is added but not special").isFalse();
        assertThat(qwen.idToToken(151645)).isEqualTo("<|im_end|>");
        assertThat(qwen.tokenToId("Ġthe")).isPresent();
        assertThat(qwen.tokenToId("no such token")).isEmpty();

        Tokenizer deepseek = Tokenizer.load(folder.resolve("deepseek_v3"));
        assertThat(deepseek.bosId()).hasValue(0);
        assertThat(deepseek.eosId()).hasValue(1);
        assertThat(deepseek.padId()).as("the config declares the end token").hasValue(1);
        assertThat(deepseek.vocabSize()).isEqualTo(128815);

        JsonNode json = Json.read(folder.resolve("gpt2/tokenizer.json"));
        assertThat(Tokenizer.load(folder.resolve("gpt2/tokenizer.json")).vocabSize())
                .isEqualTo(json.object("model").object("vocab").fields().size());
    }
}
