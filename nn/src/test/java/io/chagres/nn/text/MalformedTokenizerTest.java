package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.chagres.tensor.io.FormatException;
import io.chagres.tensor.io.JsonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files that are broken, forged, or use what we do not know: always an error that says where.
class MalformedTokenizerTest {
    private static final String SMALL =
            """
            {"added_tokens": [{"id": 4, "content": "<s>", "special": true}],
             "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
               {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]},
             "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\\\s"},
               "behavior": "Isolated"},
             "model": {"type": "BPE", "unk_token": "a", "vocab": {"a": 0, "b": 1, "ab": 2, "c": 3},
               "merges": ["a b"]},
             "post_processor": {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                 {"Sequence": {"id": "A", "type_id": 0}}],
               "special_tokens": {"<s>": {"id": "<s>", "ids": [4], "tokens": ["<s>"]}}},
             "decoder": {"type": "Fuse"}}
            """;

    @Test
    void theSmallFileItselfIsFine() {
        assertThat(load(SMALL).encode("ab<s>c")).containsExactly(4, 2, 4, 3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '§',
            textBlock =
                    """
                    "NFC"|"NFX"|normalizer.normalizers[0].type: unknown normalizer 'NFX'
                    "Split"|"Slit"|pre_tokenizer.type: unknown pre-tokenizer 'Slit'
                    "BPE"|"GPE"|model: unknown model type 'GPE'
                    "TemplateProcessing"|"Tmpl"|post_processor.type: unknown post-processor 'Tmpl'
                    "Fuse"|"Fuze"|decoder.type: unknown decoder 'Fuze'
                    "Isolated"|"Alone"|pre_tokenizer.behavior: unknown behavior 'Alone'
                    "Regex": "\\\\s"|"Regex": "("|pre_tokenizer.pattern.Regex: unsupported pattern
                    "Regex": "\\\\s"|"Regex": 7|pre_tokenizer.pattern.Regex: expected string
                    "Regex": "\\\\s"|"Rgx": "a"|pre_tokenizer.pattern: a pattern needs either
                    {"Regex": "\\\\s"}|[]|pre_tokenizer.pattern: expected object, found list of 0
                    "b": 1|"b": "1"|model.vocab.b: expected integer, found string "1"
                    "b": 1|"b": -1|model.vocab.b: expected integer from 0 to
                    "b": 1|"b": 99999999999|model.vocab.b: expected integer from 0 to
                    "b": 1|"b": 2147483647|model.vocab.b: expected integer from 0 to
                    "b": 1|"b": 1.5|model.vocab.b: expected integer, found number 1.5
                    ["a b"]|["a z"]|model.merges[0]: token 'z' is not in the vocabulary
                    ["a b"]|["b a"]|model.merges[0]: token 'ba' is not in the vocabulary
                    ["a b"]|["ab"]|model.merges[0]: expected "a b" or ["a", "b"], found "ab"
                    ["a b"]|["a b c"]|model.merges[0]: expected "a b" or ["a", "b"], found "a b c"
                    ["a b"]|[["a"]]|model.merges[0]: expected "a b" or ["a", "b"], found ["a"]
                    ["a b"]|[["a", 1]]|model.merges[0]: expected "a b" or ["a", "b"]
                    ["a b"]|{}|model.merges: expected list, found object
                    "unk_token": "a"|"unk_token": "?"|model.unk_token: "?" is not in the vocabulary
                    "vocab"|"vocabulary"|model.vocab: missing
                    "model"|"models"|model: missing
                    "id": 4|"id": -4|added_tokens[0].id: expected integer from 0 to
                    "id": 4|"id": 4000000000|added_tokens[0].id: expected integer from 0 to
                    "content": "<s>"|"content": ""|added_tokens[0].content: an added token needs
                    "special": true|"special": "true"|added_tokens[0].special: expected boolean
                    [{"id": 4|[1, {"id": 4|added_tokens[0]: expected object, found integer 1
                    "ids": [4]|"ids": ["4"]|post_processor.special_tokens["<s>"].ids[0]: expected
                    {"Sequence"|{"Sequences"|post_processor.single[1].SpecialToken: missing
                    "special_tokens": {"<s>"|"special_tokens": {"<t>"|special_tokens["<s>"]: missing
                    {"type": "Fuse"}|"Fuse"|decoder: expected object, found string "Fuse"
                    """)
    void errorsNameFileAndField(String original, String broken, String message) {
        assertThat(SMALL).contains(original);
        assertThatThrownBy(() -> load(SMALL.replace(original, broken)))
                .isInstanceOf(JsonException.class)
                .hasMessageStartingWith("tokenizer.json: field ")
                .hasMessageContaining(message);
    }

    @Test
    void truncatedFiles(@TempDir Path folder) throws IOException {
        byte[] bytes = SMALL.strip().getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("tokenizer.json");
        for (int length = 0; length < bytes.length; length += 7) {
            Files.write(file, Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> Tokenizer.load(folder))
                    .isInstanceOf(JsonException.class)
                    .hasMessageStartingWith(file.toString());
        }
    }

    @Test
    void hugeNesting() {
        String deep = "{\"type\": \"Sequence\", \"normalizers\": [".repeat(100_000);
        assertThatThrownBy(() -> load("{\"normalizer\": " + deep))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("nesting depth");
    }

    @Test
    void randomDamageNeverEscapesAsAnotherError() {
        var random = new Random(11);
        byte[] bytes = SMALL.getBytes(StandardCharsets.UTF_8);
        int refused = 0;
        for (int trial = 0; trial < 1500; trial++) {
            byte[] damaged = bytes.clone();
            for (int n = random.nextInt(3); n >= 0; n--) {
                damaged[random.nextInt(damaged.length)] = (byte) (32 + random.nextInt(95));
            }
            Throwable error =
                    catchThrowable(() -> load(new String(damaged, StandardCharsets.UTF_8)));
            if (error != null) {
                refused++;
                assertThat(error).isInstanceOf(JsonException.class);
            }
        }
        assertThat(refused).isBetween(500, 1500);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '§',
            textBlock =
                    """
                    {"type": "WordPiece", "vocab": {"a": 0}}|: the unk_token '[UNK]' is not in
                    {"type": "Unigram", "vocab": [["a", 0]]}|.unk_id: missing
                    {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 1}|.unk_id: expected
                    {"type": "Unigram", "vocab": [["a"]], "unk_id": 0}|.vocab[0]: expected a token
                    {"type": "Unigram", "vocab": [["a", "b"]], "unk_id": 0}|.vocab[0][1]: expected
                    {"type": "Unigram", "vocab": {"a": 0}, "unk_id": 0}|.vocab: expected list
                    {"vocab": {"a": 0}}|: unknown model type ''
                    """)
    void otherModels(String model, String message) {
        assertThatThrownBy(() -> load("{\"model\": " + model + "}"))
                .isInstanceOf(JsonException.class)
                .hasMessageStartingWith("tokenizer.json: field model" + message);
    }

    @Test
    void textThatIsNotUtf8(@TempDir Path folder) throws IOException {
        byte[] bytes = SMALL.getBytes(StandardCharsets.UTF_8);
        bytes[SMALL.indexOf("ab")] = (byte) 0xC3;
        Files.write(folder.resolve("tokenizer.json"), bytes);
        assertThatThrownBy(() -> Tokenizer.load(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("tokenizer.json: not JSON: the text is not UTF-8");
    }

    @Test
    void aBrokenConfigIsNamed() {
        Map<String, String> files =
                Map.of("tokenizer.json", SMALL, "tokenizer_config.json", "{\"eos_token\": 7}");
        assertThatThrownBy(() -> Tokenizer.of("folder", files))
                .isInstanceOf(JsonException.class)
                .hasMessageStartingWith("folder (tokenizer_config.json): field eos_token");
    }

    private static Tokenizer load(String json) {
        return Tokenizer.of("tokenizer.json", Map.of("tokenizer.json", json));
    }
}
