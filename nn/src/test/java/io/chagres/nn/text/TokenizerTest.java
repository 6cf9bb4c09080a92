package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
    private final Tokenizer tokenizer = TinyTokenizer.create();

    @Test
    void anyTextComesBack() {
        var texts = new RandomText(3);
        for (int i = 0; i < 1000; i++) {
            String text = texts.next(20);
            assertThat(tokenizer.decode(tokenizer.encode(text), false)).isEqualTo(text);
        }
    }

    @Test
    void trackedAndCachedEncodingAgree() {
        var texts = new RandomText(4);
        for (int i = 0; i < 1000; i++) {
            String text = texts.next(20);
            Encoding encoding = tokenizer.encodeWithOffsets(text, true);
            assertThat(encoding.ids()).as(text).isEqualTo(tokenizer.encode(text));
            int covered = 0;
            for (int t = 0; t < encoding.size(); t++) {
                assertThat(encoding.start(t)).isLessThanOrEqualTo(covered);
                assertThat(encoding.end(t)).isGreaterThan(encoding.start(t));
                covered = Math.max(covered, encoding.end(t));
            }
            assertThat(covered).isEqualTo(text.length());
        }
    }

    @Test
    void specialTokensStandInText() {
        int[] ids = tokenizer.encode("a</s>b<s>");
        assertThat(ids)
                .containsExactly(
                        tokenizer.tokenToId("a").orElseThrow(),
                        tokenizer.eosId().orElseThrow(),
                        tokenizer.tokenToId("b").orElseThrow(),
                        tokenizer.bosId().orElseThrow());
        assertThat(tokenizer.decode(ids, false)).isEqualTo("a</s>b<s>");
        assertThat(tokenizer.decode(ids, true)).isEqualTo("ab");
        assertThat(tokenizer.isSpecial(tokenizer.padId().orElseThrow())).isTrue();
        assertThat(tokenizer.unkId()).isEmpty();
    }

    @Test
    void emptyTextHasNoTokens() {
        assertThat(tokenizer.encode("")).isEmpty();
        assertThat(tokenizer.encodeWithOffsets("", true).size()).isZero();
        assertThat(tokenizer.decode(new int[] {}, false)).isEmpty();
    }

    @Test
    void idsWithoutTokenStandForNothing() {
        int a = tokenizer.tokenToId("a").orElseThrow();
        assertThat(tokenizer.decode(new int[] {a, tokenizer.vocabSize(), -1, a}, false))
                .isEqualTo("aa");
        assertThat(tokenizer.idToToken(tokenizer.vocabSize())).isNull();
        assertThat(tokenizer.idToToken(-1)).isNull();
        assertThat(tokenizer.idToToken(tokenizer.vocabSize() - 1)).isNotNull();
    }

    @Test
    void halfASurrogatePairIsReplaced() {
        assertThat(tokenizer.encode("x\uD83D y\uDE00"))
                .isEqualTo(tokenizer.encode("x\uFFFD y\uFFFD"));
    }

    @Test
    void bytesThatAreNoTextBecomeReplacementCharacters() {
        int[] water = tokenizer.encode("水", false);
        assertThat(water).as("not in the training texts: single bytes").hasSize(3);
        int[] half = Arrays.copyOf(water, 2);
        assertThat(tokenizer.decode(half, false)).isEqualTo("\uFFFD");
        int e2 = tokenizer.tokenToId("â").orElseThrow();
        assertThat(tokenizer.decode(new int[] {e2}, false)).isEqualTo("\uFFFD");
    }

    @Test
    void longWordsAndLongTexts() {
        String word = "ab".repeat(100_000);
        assertThat(tokenizer.decode(tokenizer.encode(word), false)).isEqualTo(word);
        String spaces = " ".repeat(10_000) + "x";
        assertThat(tokenizer.decode(tokenizer.encode(spaces), false)).isEqualTo(spaces);
    }

    @Test
    void savesWhatItLoaded(@TempDir Path folder) throws IOException {
        Path first = folder.resolve("a/b");
        Path second = folder.resolve("c");
        tokenizer.save(first);
        Files.writeString(first.resolve("chat_template.jinja"), "{{ messages }}");
        Files.writeString(first.resolve("unrelated.txt"), "no");

        Tokenizer loaded = Tokenizer.load(first);
        loaded.save(second);
        loaded.save(second);
        try (var files = Files.list(second)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "tokenizer.json", "tokenizer_config.json", "chat_template.jinja");
        }
        assertThat(second.resolve("tokenizer.json"))
                .hasSameBinaryContentAs(first.resolve("tokenizer.json"));
        assertThat(loaded.eosId()).isEqualTo(tokenizer.eosId());
        String text = "The river doesn't like 中文.";
        assertThat(Tokenizer.load(second.resolve("tokenizer.json")).encode(text))
                .isEqualTo(tokenizer.encode(text));
    }

    @Test
    void specialTokenThatTheVocabularyLacksIsIgnored(@TempDir Path folder) throws IOException {
        tokenizer.save(folder);
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"bos_token\": \"<nope>\", \"eos_token\": {\"content\": \"</s>\"}}");
        Files.writeString(
                folder.resolve("special_tokens_map.json"),
                "{\"bos_token\": \"<s>\", \"eos_token\": \"<pad>\"}");
        Tokenizer loaded = Tokenizer.load(folder);
        assertThat(loaded.bosId()).isEqualTo(tokenizer.bosId());
        assertThat(loaded.eosId()).as("the config comes first").isEqualTo(tokenizer.eosId());
        assertThat(loaded.padId()).isEmpty();
    }

    @Test
    void missingFileIsNamed(@TempDir Path folder) {
        assertThatThrownBy(() -> Tokenizer.load(folder))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContaining("tokenizer.json");
    }

    @Test
    void manyThreadsShareOneTokenizer() throws Exception {
        var source = new RandomText(9);
        List<String> texts = new ArrayList<>();
        List<int[]> expected = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            texts.add(source.next(40));
            expected.add(tokenizer.encodeWithOffsets(texts.get(i), true).ids());
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> done = new ArrayList<>();
            for (int thread = 0; thread < 16; thread++) {
                int shift = thread * 17;
                done.add(
                        threads.submit(() -> {
                            for (int i = 0; i < texts.size(); i++) {
                                int at = (i + shift) % texts.size();
                                assertThat(tokenizer.encode(texts.get(at)))
                                        .isEqualTo(expected.get(at));
                            }
                        }));
            }
            for (Future<?> one : done) {
                one.get();
            }
        }
    }
}
