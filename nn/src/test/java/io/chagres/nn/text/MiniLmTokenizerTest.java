package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The WordPiece tokenizer of a published model, with Hugging Face's own library as the judge.
class MiniLmTokenizerTest {
    private static final int CHARS = 150_000;

    @TempDir Path folder;

    @Test
    void agreesWithHuggingFace() throws IOException {
        Djl.require(folder);
        try (InputStream in =
                getClass().getResourceAsStream("/all-minilm-l6-v2-q-tokenizer.json")) {
            byte[] bytes = Objects.requireNonNull(in, "MiniLM's tokenizer").readAllBytes();
            Files.write(folder.resolve("tokenizer.json"), bytes);
        }
        Tokenizer ours = Tokenizer.load(folder);
        assertThat(ours.vocabSize()).isEqualTo(30522);
        assertThat(ours.encode("Hello, World!")).containsExactly(101, 7592, 1010, 2088, 999, 102);
        assertThat(ours.encode("naïve 中文")).startsWith(101, 15743).endsWith(102);
        try (HuggingFaceTokenizer theirs = Djl.open(folder)) {
            for (String corpus :
                    new String[] {
                        "data/tinyshakespeare/input.txt", "data/parallel/tatoeba-cmn-eng.txt"
                    }) {
                String all = Files.readString(SharedData.require(corpus));
                for (String line : all.substring(0, CHARS).split("\n")) {
                    Djl.compare(ours, theirs, line, true, false);
                }
            }
        }
    }
}
