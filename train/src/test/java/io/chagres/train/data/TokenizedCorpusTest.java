package io.chagres.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizedCorpusTest {
    static final int EOS = 256;

    @TempDir Path folder;

    /// One id per byte.
    static TextEncoding bytes(int vocabSize) {
        return new TextEncoding(TokenizedCorpusTest::encode, vocabSize, EOS, "bytes");
    }

    static int[] encode(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xFF).toArray();
    }

    static Corpus.Part part(String domain, double weight, String... texts) {
        List<Document> documents =
                Arrays.stream(texts).map(text -> new Document(text, domain)).toList();
        return new Corpus.Part(domain, weight, documents::forEach);
    }

    static String[] texts(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(i -> prefix + i).toArray(String[]::new);
    }

    private static int[] ids(TokenDataset dataset) {
        int[] ids = new int[(int) dataset.size()];
        dataset.read(0, ids, 0, ids.length);
        return ids;
    }

    /// The documents of a dataset of bytes.
    private static List<String> decode(TokenDataset dataset) {
        var texts = new ArrayList<String>();
        for (TokenDataset.Part part : dataset.parts()) {
            var text = new StringBuilder();
            int[] ids = new int[(int) part.tokens()];
            dataset.read(part.offset(), ids, 0, ids.length);
            for (int i = 1; i < ids.length; i++) {
                if (ids[i] == EOS) {
                    texts.add(text.toString());
                    text.setLength(0);
                } else {
                    text.append((char) ids[i]);
                }
            }
        }
        return texts;
    }

    @Test
    void eachDocumentEndsWithEosAndThePartBeginsWithOne() {
        var corpus = new Corpus(List.of(part("a", 1, "ab", "c"), part("b", 2, "d")));
        TokenDataset train = TokenizedCorpus.prepare(corpus, 0, bytes(257)).train();
        assertThat(ids(train)).containsExactly(EOS, 'a', 'b', EOS, 'c', EOS, EOS, 'd', EOS);
        assertThat(train.domains()).containsExactly("a", "b");
        assertThat(train.parts())
                .containsExactly(
                        new TokenDataset.Part(0, 1, 0, 6, 2, 3),
                        new TokenDataset.Part(1, 2, 6, 3, 1, 1));
        assertThat(train.targets()).isEqualTo(7);
        assertThat(train.bytes()).isEqualTo(4);
        assertThat(train.documents()).isEqualTo(3);
    }

    @Test
    void piecesOfATextHaveNoEosBetweenThem() {
        List<Document> pieces =
                List.of(
                        new Document("a", "d", false),
                        new Document("b", "d", false),
                        new Document("c", "d"));
        var corpus = new Corpus(List.of(new Corpus.Part("d", 1, pieces::forEach)));
        assertThat(decode(TokenizedCorpus.prepare(corpus, 0, bytes(257)).train()))
                .containsExactly("abc");
        TokenizedCorpus split = TokenizedCorpus.prepare(corpus, 0.3, bytes(257));
        assertThat(decode(split.heldOut())).isNotEmpty();
        assertThat(
                        Stream.concat(
                                        decode(split.train()).stream(),
                                        decode(split.heldOut()).stream())
                                .flatMap(text -> text.chars().boxed()))
                .containsExactlyInAnyOrder((int) 'a', (int) 'b', (int) 'c');
    }

    @Test
    void theSplitDependsOnTheTextOnly() {
        String[] texts = texts("text number ", 5_000);
        TokenizedCorpus forward =
                TokenizedCorpus.prepare(new Corpus(List.of(part("a", 1, texts))), 0.1, bytes(257));
        List<String> held = decode(forward.heldOut());
        assertThat(held.size()).isBetween(400, 600);
        var all = new ArrayList<>(held);
        all.addAll(decode(forward.train()));
        assertThat(all).containsExactlyInAnyOrder(texts);

        String[] reversed = Arrays.asList(texts).reversed().toArray(String[]::new);
        TokenizedCorpus backward =
                TokenizedCorpus.prepare(
                        new Corpus(List.of(part("b", 3, reversed))), 0.1, bytes(257));
        assertThat(decode(backward.heldOut())).isEqualTo(held.reversed());
    }

    @Test
    void aSmallPartStillHasADocumentOnEachSide() {
        for (int i = 0; i < 50; i++) {
            var corpus = new Corpus(List.of(part("a", 1, "x" + i, "y" + i), part("b", 1, "z")));
            TokenizedCorpus low = TokenizedCorpus.prepare(corpus, 0.01, bytes(257));
            assertThat(low.heldOut().parts().get(0).documents()).isEqualTo(1);
            assertThat(low.train().parts().get(0).documents()).isEqualTo(1);
            TokenizedCorpus high = TokenizedCorpus.prepare(corpus, 0.99, bytes(257));
            assertThat(high.train().parts().get(0).documents()).isEqualTo(1);
            TokenizedCorpus none = TokenizedCorpus.prepare(corpus, 0, bytes(257));
            assertThat(none.heldOut().size()).isZero();
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        TokenizedCorpus.prepare(
                                new Corpus(List.of(part("a", 1, "x"))), 1, bytes(257)))
                .withMessageContaining("heldOut");
    }

    @Test
    void idsOutsideTheVocabularyAreRefused() {
        var corpus = new Corpus(List.of(part("a", 1, "é")));
        var encoding = new TextEncoding(text -> new int[] {300}, 257, EOS, "x");
        assertThatThrownBy(() -> TokenizedCorpus.prepare(corpus, 0, encoding))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("id 300");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TextEncoding(TokenizedCorpusTest::encode, 256, 256, "x"))
                .withMessageContaining("eosId 256");
    }

    @Test
    void cachedTokensEqualThoseOnTheHeap() {
        for (int vocabSize : new int[] {257, 1 << 16, (1 << 16) + 1}) {
            TextEncoding encoding =
                    new TextEncoding(
                            text ->
                                    Arrays.stream(encode(text))
                                            .map(id -> id % 2 == 0 ? vocabSize - 1 : id)
                                            .toArray(),
                            vocabSize,
                            EOS,
                            "v" + vocabSize);
            var corpus =
                    new Corpus(
                            List.of(
                                    part("a", 1, texts("some text ", 9_000)),
                                    part("b", 1, texts("t", 50))));
            TokenizedCorpus heap = TokenizedCorpus.prepare(corpus, 0.1, encoding);
            TokenizedCorpus file = TokenizedCorpus.prepare(corpus, 0.1, encoding, folder);
            assertThat(file.key()).isEqualTo(heap.key());
            assertThat(file.train().parts()).isEqualTo(heap.train().parts());
            assertThat(file.heldOut().parts()).isEqualTo(heap.heldOut().parts());
            assertThat(ids(file.train())).isEqualTo(ids(heap.train()));
            assertThat(ids(file.heldOut())).isEqualTo(ids(heap.heldOut()));
        }
        assertThat(folder.toFile().list()).hasSize(3).allMatch(name -> name.startsWith("tokens-"));
    }

    @Test
    void theCacheIsReusedUntilSomethingChanges() throws IOException {
        var calls = new AtomicInteger();
        TextEncoding encoding =
                new TextEncoding(
                        text -> {
                            calls.incrementAndGet();
                            return encode(text);
                        },
                        257,
                        EOS,
                        "one");
        var corpus = new Corpus(List.of(part("a", 1, texts("text ", 10))));
        TokenizedCorpus first = TokenizedCorpus.prepare(corpus, 0.1, encoding, folder);
        assertThat(calls).hasValue(10);
        var weighted = new Corpus(List.of(part("a", 5, texts("text ", 10))));
        TokenizedCorpus again = TokenizedCorpus.prepare(weighted, 0.1, encoding, folder);
        assertThat(calls).as("another weight needs no new tokens").hasValue(10);
        assertThat(again.train().parts().getFirst().weight()).isEqualTo(5);
        assertThat(ids(again.train())).isEqualTo(ids(first.train()));

        var other = new TextEncoding(encoding.encoder(), 257, EOS, "two");
        TokenizedCorpus.prepare(corpus, 0.1, other, folder);
        TokenizedCorpus.prepare(corpus, 0.2, encoding, folder);
        var longer = new Corpus(List.of(part("a", 1, texts("text ", 11))));
        TokenizedCorpus.prepare(longer, 0.1, encoding, folder);
        assertThat(calls).hasValue(10 + 10 + 10 + 11);
    }

    @Test
    void aDamagedCacheIsMadeAgain() throws IOException {
        var corpus = new Corpus(List.of(part("a", 1, texts("text ", 10))));
        int[] expected = ids(TokenizedCorpus.prepare(corpus, 0, bytes(257), folder).train());
        Path cache = folder.resolve(String.valueOf(folder.toFile().list()[0]));
        Path train = cache.resolve("train.bin");
        Path index = cache.resolve("index.json");
        List<Damage> damages =
                List.of(
                        () -> Files.write(train, Arrays.copyOf(Files.readAllBytes(train), 9)),
                        () -> Files.delete(train),
                        () -> Files.delete(index),
                        () -> Files.writeString(index, "{\"key"),
                        () -> Files.writeString(index, "[]"));
        for (Damage damage : damages) {
            damage.run();
            assertThat(ids(TokenizedCorpus.prepare(corpus, 0, bytes(257), folder).train()))
                    .isEqualTo(expected);
        }
    }

    private interface Damage {
        void run() throws IOException;
    }

    @Test
    void aFailureLeavesNoHalfWrittenFolder() {
        var corpus = new Corpus(List.of(part("a", 1, "x")));
        var encoding = new TextEncoding(text -> new int[] {300}, 257, EOS, "x");
        assertThatThrownBy(() -> TokenizedCorpus.prepare(corpus, 0, encoding, folder))
                .isInstanceOf(DataException.class);
        assertThat(folder).isEmptyDirectory();
        Path file = folder.resolve("file");
        assertThatThrownBy(
                        () -> {
                            Files.writeString(file, "");
                            TokenizedCorpus.prepare(corpus, 0, bytes(257), file);
                        })
                .isInstanceOf(DataException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void tokensOnManyPages() {
        var builder = new Tokens.Builder(2);
        int count = 1_300_000;
        for (int i = 0; i < count; i++) {
            builder.add(i & 0xFFFF);
        }
        int[] ids = new int[count];
        builder.build().read(0, ids, 0, count);
        for (int i = 0; i < count; i++) {
            if (ids[i] != (i & 0xFFFF)) {
                assertThat(ids[i]).as("id %d", i).isEqualTo(i & 0xFFFF);
            }
        }
        assertThatThrownBy(() -> builder.build().read(count - 1, ids, 0, 2))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
