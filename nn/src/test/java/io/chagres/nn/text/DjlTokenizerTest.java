package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
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
        // DJL would otherwise look for the cloud it may run in, and unpack into the home folder.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        String temporary = System.getProperty("java.io.tmpdir");
        System.setProperty("DJL_CACHE_DIR", Path.of(temporary, "chagres-djl").toString());
        TinyTokenizer.create().save(folder);
        try (HuggingFaceTokenizer tokenizer = open(folder)) {
            assertThat(tokenizer.encode("a", false, false).getIds()).hasSize(1);
        } catch (UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError e) {
            Assumptions.abort("SKIPPED: DJL's native library does not load here: " + e);
        }
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
        try (HuggingFaceTokenizer theirs = open(folder)) {
            for (int i = 0; i < 500; i++) {
                String text = texts.next(20);
                var expected = theirs.encode(text, true, false);
                Encoding actual = ours.encodeWithOffsets(text, true);
                assertThat(actual.ids()).as(text).isEqualTo(ints(expected.getIds()));
                CharSpan[] spans = expected.getCharTokenSpans();
                for (int t = 0; t < spans.length; t++) {
                    assertThat(text.codePointCount(0, actual.start(t)))
                            .isEqualTo(spans[t].getStart());
                    assertThat(text.codePointCount(0, actual.end(t))).isEqualTo(spans[t].getEnd());
                }
                assertThat(ours.decode(actual.ids(), false))
                        .isEqualTo(theirs.decode(expected.getIds(), false));
            }
        }
    }

    private static void compare(Path folder, Path corpus) throws IOException {
        String all = Files.readString(corpus);
        String text = all.substring(0, Math.min(CHARS, all.length()));
        Tokenizer ours = Tokenizer.load(folder);
        try (HuggingFaceTokenizer theirs = open(folder)) {
            long[] expected = theirs.encode(text, true, false).getIds();
            assertThat(ours.encode(text)).isEqualTo(ints(expected));
        }
    }

    private static HuggingFaceTokenizer open(Path folder) throws IOException {
        return HuggingFaceTokenizer.newInstance(
                folder.resolve("tokenizer.json"),
                Map.of("truncation", "false", "padding", "false"));
    }

    private static int[] ints(long[] ids) {
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }
}
