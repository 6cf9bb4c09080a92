package io.chagres.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
    @TempDir Path folder;

    private static List<Document> documents(Path path) {
        var documents = new ArrayList<Document>();
        Corpus.open(List.of(new Source(path.toString(), 1, "d"))).forEach(documents::add);
        return documents;
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static AbstractThrowableAssert<?, ?> assertFails(Path path) {
        return assertThatThrownBy(() -> documents(path)).isInstanceOf(DataException.class);
    }

    @Test
    void aSmallTextFileIsOneDocument() throws IOException {
        assertThat(documents(write("a.txt", "\uFEFFOne.\r\n\r\nTwo.\n")))
                .containsExactly(new Document("One.\n\nTwo.", "d"));
        assertThat(documents(write("b.txt", "\n \n"))).isEmpty();
        assertThat(documents(write("c.txt", ""))).isEmpty();
    }

    @Test
    void aLargeTextFileComesInPiecesAtBlankLines() throws IOException {
        var random = new Random(1);
        String text =
                random.ints(2_000, 1, 400)
                        .mapToObj(n -> "x".repeat(n) + (random.nextInt(5) == 0 ? "\n\n" : "\n"))
                        .collect(Collectors.joining())
                        .strip();
        List<Document> pieces = documents(write("a.txt", text));
        assertThat(pieces.stream().map(Document::text).collect(Collectors.joining()))
                .isEqualTo(text);
        assertThat(pieces).hasSizeBetween(50, 100);
        for (Document piece : pieces.subList(0, pieces.size() - 1)) {
            assertThat(piece.complete()).isFalse();
            assertThat(piece.text()).endsWith("\n\n");
            assertThat(piece.text().length()).isGreaterThanOrEqualTo(TextFiles.PIECE);
        }
        assertThat(pieces.getLast().complete()).isTrue();
    }

    @Test
    void aFileWithoutLineEndsComesInPiecesThatSplitNoCharacter() throws IOException {
        String text = "x" + "\uD83D\uDE00".repeat(40_000);
        List<Document> pieces = documents(write("a.txt", text));
        assertThat(pieces.stream().map(Document::text).collect(Collectors.joining()))
                .isEqualTo(text);
        assertThat(pieces)
                .hasSize(5)
                .allSatisfy(piece -> {
                    assertThat(piece.text().length()).isLessThanOrEqualTo(TextFiles.MAX_PIECE);
                    assertThat(Character.isLowSurrogate(piece.text().charAt(0))).isFalse();
                });
    }

    @Test
    void linesAreBounded() throws IOException {
        var reader = new LineReader(new StringReader("abcdef\r\ng"));
        var line = new StringBuilder();
        assertThat(reader.read(line, 4)).isEqualTo(LineReader.End.LIMIT);
        assertThat(reader.read(line, 4)).isEqualTo(LineReader.End.LINE);
        assertThat(line).hasToString("abcdef");
        assertThat(reader.read(line, 4)).isEqualTo(LineReader.End.FILE);
        assertThat(line).hasToString("abcdefg");
    }

    @Test
    void jsonlHasADocumentPerLine() throws IOException {
        Path file =
                write(
                        "a.jsonl",
                        """
                        {"text": "One\\nline", "id": 1}

                        {"text": "  "}
                        {"text": "Two"}\
                        """);
        assertThat(documents(file))
                .containsExactly(new Document("One\nline", "d"), new Document("Two", "d"));
    }

    @Test
    void badJsonlNamesFileAndLine() throws IOException {
        assertFails(write("a.jsonl", "{\"text\": \"x\"}\n{\"text\"\n"))
                .hasMessageContaining("a.jsonl, line 2: not JSON");
        assertFails(write("b.jsonl", "{\"texts\": \"x\"}\n"))
                .hasMessageContaining("b.jsonl, line 1")
                .hasMessageContaining("'text'");
        assertFails(write("c.jsonl", "{\"text\": 3}")).hasMessageContaining("c.jsonl, line 1");
        assertFails(write("d.jsonl", "[".repeat(100_000)))
                .hasMessageContaining("d.jsonl, line 1: not JSON");
    }

    @Test
    void aFolderIsReadInOrderOfPaths() throws IOException {
        write("t/b.md", "B");
        write("t/a/z.jsonl", "{\"text\": \"Z\"}");
        write("t/a/c.TXT", "C");
        write("t/ignored.csv", "no");
        write("t/.hidden/x.txt", "no");
        assertThat(documents(folder.resolve("t")).stream().map(Document::text))
                .containsExactly("C", "Z", "B");
    }

    @Test
    void whatIsMissingOrNotTextIsNamed() throws IOException {
        assertFails(folder.resolve("none.txt")).hasMessageContaining("none.txt: no such file");
        Files.createDirectory(folder.resolve("empty"));
        assertFails(folder.resolve("empty")).hasMessageContaining("empty: no .txt");
        assertFails(write("a.json", "{}")).hasMessageContaining(".jsonl");
        Path binary = Files.write(folder.resolve("bin.txt"), new byte[] {65, (byte) 0xFF, 66});
        assertFails(binary).hasMessageContaining("bin.txt: not UTF-8");
        assertThatThrownBy(() -> Corpus.open(List.of(Source.of("a\0b"))))
                .isInstanceOf(DataException.class);
        assertThatThrownBy(() -> new Corpus(List.of())).isInstanceOf(DataException.class);
    }

    @Test
    void sourcesHaveDomainsAndWeights() throws IOException {
        Path a = write("prose.txt", "A");
        Path b = write("b/code.d/x.md", "B");
        Source named = Source.of(a.toString());
        assertThat(named).isEqualTo(new Source(a.toString(), 1, "prose"));
        assertThat(Source.defaultDomain("x/code.d/")).isEqualTo("code");
        assertThat(Source.defaultDomain("..")).isEqualTo("text");
        Corpus corpus =
                Corpus.open(
                        List.of(
                                named,
                                new Source(b.toString(), 2, "code"),
                                new Source(a.toString(), 1, "prose")));
        assertThat(corpus.domains()).containsExactly("prose", "code");
        assertThat(corpus.parts().get(1).weight()).isEqualTo(2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Source("p", 0, "d"))
                .withMessageContaining("weight of source 'p'");
    }

    @Test
    void sampleTakesAShareOfEachPart() {
        Corpus.Documents texts =
                action -> {
                    for (int i = 0; i < 10; i++) {
                        action.accept(new Document("0123456789", "d"));
                    }
                };
        var corpus =
                new Corpus(List.of(new Corpus.Part("a", 1, texts), new Corpus.Part("b", 1, texts)));
        assertThat(corpus.sample(50)).hasSize(4);
        assertThat(corpus.sample(1_000)).hasSize(20);
    }

    @Test
    void itsSidesAreThoseOfTheTokenizedCorpus() throws IOException {
        for (int i = 0; i < 20; i++) {
            write("docs/" + i + ".txt", "document " + i);
        }
        Corpus corpus = Corpus.open(List.of(Source.of(folder.resolve("docs").toString())));
        List<String> held = new ArrayList<>();
        List<String> left = new ArrayList<>();
        corpus.side(0.3, true).forEach(d -> held.add(d.text()));
        corpus.side(0.3, false).forEach(d -> left.add(d.text()));
        assertThat(held).isNotEmpty().doesNotContainAnyElementsOf(left);
        assertThat(held.size() + left.size()).isEqualTo(20);
        var lengths = new TextEncoding(t -> new int[] {1}, 2, 0, "one token per document");
        TokenizedCorpus tokens = TokenizedCorpus.prepare(corpus, 0.3, lengths);
        assertThat(tokens.heldOut().targets()).isEqualTo(2L * held.size());
    }
}
