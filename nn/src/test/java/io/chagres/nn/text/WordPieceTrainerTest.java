package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WordPieceTrainerTest {
    @TempDir Path folder;

    private static List<String> tokens(Tokenizer tokenizer) {
        List<String> tokens = new ArrayList<>();
        for (int id = 0; id < tokenizer.vocabSize(); id++) {
            tokens.add(tokenizer.idToToken(id));
        }
        return tokens;
    }

    /// By hand: words aab x5, aa x3, ab x2, cb x1. Pairs: a ##a 8, ##a ##b 5, a ##b 2, c ##b 1.
    /// First a+##a = aa (8); then aa+##b = aab (5); then a+##b = ab (2); c+##b stays (below 2).
    @Test
    void learnsTheMostFrequentPairs() {
        String text = "aab ".repeat(5) + "aa ".repeat(3) + "ab ".repeat(2) + "cb";
        Tokenizer tokenizer = WordPieceTrainer.create(100).train(List.of(text));
        assertThat(tokens(tokenizer))
                .containsExactly(
                        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "##a", "##b",
                        "aa", "aab", "ab");
        assertThat(tokenizer.encode("AAB  cb d", true))
                .containsExactly(2, 11, 7, 9, 1, 3)
                .as("[CLS] aab c ##b [UNK] [SEP]");
        assertThat(tokenizer.decode(new int[] {2, 11, 7, 9, 3}, true)).isEqualTo("aab cb");
        assertThat(tokenizer.unkId()).hasValue(1);
        assertThat(tokenizer.padId()).hasValue(0);
        assertThat(tokens(WordPieceTrainer.create(11).train(List.of(text)))).endsWith("##b", "aa");
        assertThat(tokens(WordPieceTrainer.create(100).minFrequency(3).train(List.of(text))))
                .endsWith("aa", "aab");
    }

    @Test
    void settings() {
        Tokenizer tokenizer =
                WordPieceTrainer.create(50)
                        .lowercase(false)
                        .limitAlphabet(2)
                        .specialToken("<x>")
                        .train(List.of("Ab Ab b z"));
        assertThat(tokens(tokenizer))
                .containsExactly(
                        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<x>", "A", "b", "##b", "Ab");
        assertThat(tokenizer.encode("Ab <x> ab", false)).containsExactly(9, 5, 1);
        assertThatThrownBy(() -> WordPieceTrainer.create(7).train(List.of("ab cd")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("5 special tokens and 6 characters");
    }

    @Test
    void doesNotDependOnTheOrderOfTexts() {
        List<String> texts = new ArrayList<>(TinyTokenizer.texts());
        List<String> tokens = tokens(WordPieceTrainer.create(150).train(texts));
        Collections.shuffle(texts, new Random(5));
        assertThat(tokens(WordPieceTrainer.create(150).train(texts))).isEqualTo(tokens);
        assertThat(tokens).contains("neighbour", "##s", "中");
    }

    @Test
    void huggingFaceReadsAndEncodesTheSame() throws IOException {
        Djl.require(folder);
        List<String> texts = new ArrayList<>(TinyTokenizer.texts());
        Path corpus = SharedData.require("data/tinyshakespeare/input.txt");
        texts.addAll(Files.readAllLines(corpus).subList(0, 5000));
        Tokenizer ours = WordPieceTrainer.create(2000).train(texts);
        assertThat(ours.vocabSize()).isEqualTo(2000);
        ours.save(folder);
        try (HuggingFaceTokenizer theirs = Djl.open(folder)) {
            for (String text : texts.subList(0, 2000)) {
                Djl.compare(ours, theirs, text, true, false);
            }
        }
    }
}
