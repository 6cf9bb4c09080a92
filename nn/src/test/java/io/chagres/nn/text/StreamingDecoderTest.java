package io.chagres.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.tensor.io.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {
    private final Tokenizer bytes = TinyTokenizer.create();

    @Test
    void textComesOutAsDecodedWhole() {
        var texts = new RandomText(6);
        for (int i = 0; i < 500; i++) {
            String text = texts.next(20);
            assertThat(Streams.decode(bytes, bytes.encode(text), false)).isEqualTo(text);
        }
    }

    @Test
    void randomBytesComeOutAsDecodedWhole() {
        var random = new Random(8);
        for (int i = 0; i < 2000; i++) {
            int[] ids = random.ints(random.nextInt(12), 0, bytes.vocabSize() + 3).toArray();
            assertThat(Streams.decode(bytes, ids, false)).isEqualTo(bytes.decode(ids, false));
            assertThat(Streams.decode(bytes, ids, true)).isEqualTo(bytes.decode(ids, true));
        }
    }

    @Test
    void holdsBackIncompleteCharacters() {
        int[] water = bytes.encode("水", false);
        StreamingDecoder decoder = bytes.streamingDecoder(false);
        assertThat(decoder.push(water[0])).isEmpty();
        assertThat(decoder.push(water[1])).isEmpty();
        assertThat(decoder.push(water[2])).isEqualTo("水");
        assertThat(decoder.finish()).isEmpty();

        assertThat(decoder.push(water[0])).isEmpty();
        assertThat(decoder.finish()).isEqualTo("\uFFFD");
        assertThat(decoder.push(bytes.encode("a")[0])).as("ready for another text").isEqualTo("a");
    }

    @Test
    void byteFallbackHoldsBackIncompleteCharacters() {
        Tokenizer tokenizer = sentencePiece();
        int[] ids = tokenizer.encode("a 水b", false);
        assertThat(ids).hasSize(7);
        StreamingDecoder decoder = tokenizer.streamingDecoder(true);
        List<String> parts = new ArrayList<>();
        for (int id : ids) {
            parts.add(decoder.push(id));
        }
        parts.add(decoder.finish());
        assertThat(parts).containsExactly("", "a", " ", "", "", "水", "b", "");
        assertThat(Streams.decode(tokenizer, ids, true)).isEqualTo("a 水b");
    }

    @Test
    void trailingGarbageComesOutAtTheEnd() {
        Tokenizer tokenizer = sentencePiece();
        int b = tokenizer.tokenToId("<0xE6>").orElseThrow();
        StreamingDecoder decoder = tokenizer.streamingDecoder(true);
        assertThat(decoder.push(b)).isEmpty();
        assertThat(decoder.push(b)).isEmpty();
        assertThat(decoder.finish()).isEqualTo("\uFFFD\uFFFD");
    }

    // Characters and bytes only: no merges.
    private static Tokenizer sentencePiece() {
        Map<String, Object> vocab = new LinkedHashMap<>();
        for (String token : List.of("<unk>", "▁", "a", "b")) {
            vocab.put(token, vocab.size());
        }
        for (int i = 0; i < 256; i++) {
            vocab.put(String.format("<0x%02X>", i), vocab.size());
        }
        Map<String, Object> space = Map.of("String", " ");
        Map<String, Object> mark = Map.of("String", "▁");
        Map<String, Object> json =
                Map.of(
                        "normalizer",
                        Map.of(
                                "type",
                                "Sequence",
                                "normalizers",
                                List.of(
                                        Map.of("type", "Prepend", "prepend", "▁"),
                                        Map.of(
                                                "type", "Replace", "pattern", space, "content",
                                                "▁"))),
                        "decoder",
                        Map.of(
                                "type",
                                "Sequence",
                                "decoders",
                                List.of(
                                        Map.of("type", "Replace", "pattern", mark, "content", " "),
                                        Map.of("type", "ByteFallback"),
                                        Map.of("type", "Fuse"),
                                        Map.of("type", "Strip", "content", " ", "start", 1))),
                        "model",
                        Map.of(
                                "type",
                                "BPE",
                                "byte_fallback",
                                true,
                                "unk_token",
                                "<unk>",
                                "vocab",
                                vocab,
                                "merges",
                                List.of()));
        return Tokenizer.of("test", Map.of("tokenizer.json", Json.line(json)));
    }
}
