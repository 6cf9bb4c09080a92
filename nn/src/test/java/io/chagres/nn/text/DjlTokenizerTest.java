package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The same ids as Hugging Face's own library, called through DJL, on whole corpora.
class DjlTokenizerTest {
    // DJL needs a second for each million; the whole corpora were compared once and agreed.
    private static final int CHARS = 150_000;

    @BeforeAll
    static void prepare(@TempDir Path folder) throws IOException {
        Djl.require(folder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "qwen3", "deepseek_v3"})
    void corporaHaveTheSameIds(String name) throws IOException {
        Path folder = SharedData.require("data/tokenizers/" + name);
        compare(folder, SharedData.require("data/tinyshakespeare/input.txt"));
        compare(folder, SharedData.require("data/parallel/tatoeba-cmn-eng.txt"));
    }

    @Test
    void freshlyTrainedTokenizerHasTheSameIds(@TempDir Path folder) throws IOException {
        Path corpus = SharedData.require("data/tinyshakespeare/input.txt");
        BpeTrainer.create(2000)
                .bosToken("<s>")
                .eosToken("</s>")
                .prependBos(true)
                .train(Files.readAllLines(corpus))
                .save(folder);
        compare(folder, corpus);
        compare(folder, SharedData.require("data/parallel/tatoeba-cmn-eng.txt"));
    }

    @Test
    void randomTextHasTheSameIdsAndRanges(@TempDir Path folder) throws IOException {
        Tokenizer ours = TinyTokenizer.create();
        ours.save(folder);
        var texts = new RandomText(12);
        try (HuggingFaceTokenizer theirs = Djl.open(folder)) {
            for (int i = 0; i < 500; i++) {
                String text = texts.next(20);
                Djl.compare(ours, theirs, text, true, true);
            }
        }
    }

    private static void compare(Path folder, Path corpus) throws IOException {
        String all = Files.readString(corpus);
        String text = all.substring(0, Math.min(CHARS, all.length()));
        Tokenizer ours = Tokenizer.load(folder);
        try (HuggingFaceTokenizer theirs = Djl.open(folder)) {
            long[] expected = theirs.encode(text, true, false).getIds();
            assertThat(ours.encode(text)).isEqualTo(Djl.ints(expected));
        }
    }
}
