package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/// Hugging Face's own library, called through DJL: the judge of our tokenizers.
public final class Djl {
    private Djl() {}

    /// Prepares the library; the test is skipped, with a reason, where it does not load.
    ///
    /// @param folder for a small tokenizer
    public static void require(Path folder) throws IOException {
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

    /// Opens a folder's tokenizer, with neither truncation nor padding.
    static HuggingFaceTokenizer open(Path folder) throws IOException {
        return HuggingFaceTokenizer.newInstance(
                folder.resolve("tokenizer.json"),
                Map.of("truncation", "false", "padding", "false"));
    }

    static int[] ints(long[] ids) {
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }

    /// Compares ids, ranges and decoded text.
    ///
    /// @param exact whether ranges must be equal; otherwise ours may be wider
    static void compare(
            Tokenizer ours,
            HuggingFaceTokenizer theirs,
            String text,
            boolean special,
            boolean exact) {
        var expected = theirs.encode(text, special, false);
        int[] ids = ints(expected.getIds());
        Encoding actual = ours.encodeWithOffsets(text, special);
        assertThat(ours.encode(text, special)).as("ids of '%s'", text).isEqualTo(ids);
        assertThat(actual.ids()).as("ids of '%s', with ranges", text).isEqualTo(ids);
        CharSpan[] spans = expected.getCharTokenSpans();
        for (int t = 0; t < spans.length; t++) {
            if (spans[t] == null) {
                continue; // a special token that was added
            }
            int start = text.codePointCount(0, actual.start(t));
            int end = text.codePointCount(0, actual.end(t));
            if (exact) {
                assertThat(new int[] {start, end})
                        .as("range of token %d of '%s'", t, text)
                        .containsExactly(spans[t].getStart(), spans[t].getEnd());
            } else {
                assertThat(start).as(text).isLessThanOrEqualTo(spans[t].getStart());
                assertThat(end).as(text).isGreaterThanOrEqualTo(spans[t].getEnd());
            }
        }
        assertThat(ours.decode(ids, false))
                .as("decoding '%s'", text)
                .isEqualTo(theirs.decode(expected.getIds(), false));
        assertThat(ours.decode(ids, true))
                .as("decoding '%s' without special tokens", text)
                .isEqualTo(theirs.decode(expected.getIds(), true));
    }
}
