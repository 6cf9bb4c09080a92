package io.chagres.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.text.BpeTrainer;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.text.chat.ChatTemplate;
import io.chagres.tensor.io.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExampleCorpusTest {
    private static final String UNMARKED =
            "{% for m in messages %}<{{ m.role }}>{{ m.content }}|\n{% endfor %}"
                    + "{% if add_generation_prompt %}<assistant>{% endif %}";

    private static final int LONGEST = 200;

    @TempDir Path folder;

    private Tokenizer tokenizer;

    @BeforeEach
    void learn() throws IOException {
        Path at = folder.resolve("tokenizer");
        Files.createDirectories(at);
        BpeTrainer.create(280)
                .bosToken("<s>")
                .eosToken("</s>")
                .prependBos(true)
                .train(List.of("say hello to the world, and the world says hello. ".repeat(9)))
                .save(at);
        tokenizer = Tokenizer.load(at);
    }

    private Source source(String name, String... lines) throws IOException {
        Path file = folder.resolve(name);
        Files.write(file, List.of(lines));
        return Source.of(file.toString());
    }

    private ExampleEncoder encoder(ChatTemplate template, boolean completionsOnly) {
        return new ExampleEncoder(
                tokenizer, tokenizer.eosId().orElseThrow(), template, completionsOnly);
    }

    private ChatTemplate template(String name) throws IOException {
        return ExampleTemplates.find(name, null, tokenizer).template();
    }

    private static ExampleCorpus.Options options(boolean packed) {
        return new ExampleCorpus.Options(ExampleFormat.AUTO, 0, LONGEST, packed);
    }

    /// What is to be predicted in a batch, as text.
    private String wanted(Batch batch) {
        int[] ids = Arrays.stream(batch.targets()).filter(t -> t != Batch.IGNORE).toArray();
        return tokenizer.decode(ids, false);
    }

    private Batch only(Source source, ExampleEncoder encoder) {
        ExampleCorpus corpus = ExampleCorpus.prepare(List.of(source), encoder, options(false));
        return corpus.trainBatches(LONGEST, 1, 1).next();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"text\": \"hello world\"}; hello world</s>; <s>hello world",
                "{\"instruction\": \"say hello\", \"input\": \"\", \"output\": \"hello\"};"
                        + " hello</s>; <s>### Instruction:\\nsay hello\\n\\n### Response:\\nhello",
                "{\"instruction\": \"say it\", \"input\": \"world\", \"output\": \"hello\"};"
                        + " hello</s>; <s>### Instruction:\\nsay it\\n\\n### Input:\\nworld\\n\\n"
                        + "### Response:\\nhello",
                "{\"messages\": [{\"role\": \"system\", \"content\": \"be the world\"},"
                        + " {\"role\": \"user\", \"content\": \"say\"},"
                        + " {\"role\": \"assistant\", \"content\": \"hello\"}]}; hello</s>;"
                        + " <s>be the world\\n\\n### Instruction:\\nsay\\n\\n### Response:\\nhello",
                "{\"conversations\": [{\"from\": \"human\", \"value\": \"a\"}, {\"from\": \"gpt\","
                        + " \"value\": \"to\"}, {\"from\": \"human\", \"value\": \"b\"}, {\"from\":"
                        + " \"gpt\", \"value\": \"the\"}]}; to</s>the</s>; <s>### Instruction:\\na"
                        + "\\n\\n### Response:\\nto</s>\\n\\n### Instruction:\\nb\\n\\n###"
                        + " Response:\\nthe",
            })
    void everyFormatAndWhatIsPredicted(String json, String completion, String input)
            throws IOException {
        Batch batch = only(source("a.jsonl", json), encoder(template("alpaca"), true));
        assertThat(wanted(batch)).isEqualTo(completion);
        assertThat(tokenizer.decode(batch.inputs(), false)).isEqualTo(input.replace("\\n", "\n"));
        Batch all = only(source("b.jsonl", json), encoder(template("alpaca"), false));
        assertThat(all.validTargets()).isEqualTo(all.inputs().length);
    }

    @Test
    void withoutMarksTheTemplateIsAskedTwice() throws IOException {
        String json =
                "{\"messages\": [{\"role\": \"user\", \"content\": \"say\"}, {\"role\":"
                        + " \"assistant\", \"content\": \"hello\"}, {\"role\": \"user\","
                        + " \"content\": \"to\"}, {\"role\": \"assistant\", \"content\":"
                        + " \"the world\"}]}";
        ChatTemplate unmarked = ChatTemplate.of(UNMARKED, Map.of());
        assertThat(unmarked.marksAssistant()).isFalse();
        Batch batch = only(source("a.jsonl", json), encoder(unmarked, true));
        assertThat(wanted(batch)).isEqualTo("hello|the world|");
        ChatTemplate counting = ChatTemplate.of("{{ messages|length }}" + UNMARKED, Map.of());
        assertThatThrownBy(() -> only(source("b.jsonl", json), encoder(counting, true)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("generation block");
    }

    private static String[] lines(int n) {
        String[] lines = new String[n];
        for (int i = 0; i < n; i++) {
            lines[i] =
                    "{\"instruction\": \"say %d\", \"output\": \"%s\"}"
                            .formatted(i, "hello ".repeat(1 + i % 5) + i);
        }
        return lines;
    }

    private ExampleCorpus corpus(int n, ExampleCorpus.Options options) throws IOException {
        return ExampleCorpus.prepare(
                List.of(source("n.jsonl", lines(n))), encoder(template("alpaca"), true), options);
    }

    @Test
    void packedRowsHoldTheSameTargets() throws IOException {
        ExampleCorpus packed = corpus(40, options(true));
        ExampleCorpus padded = corpus(40, options(false));
        assertThat(packed.trainTargets()).isEqualTo(padded.trainTargets()).isPositive();
        BatchSource rows = packed.trainBatches(64, 3, 9);
        BatchSource one = padded.trainBatches(64, 1, 9);
        for (int n = 0; n < 12; n++) {
            Batch row = rows.next();
            Batch.Packing packing = row.packing();
            assertThat(packing).isNotNull();
            int[] offsets = packing.offsets();
            assertThat(row.size()).isEqualTo(1);
            assertThat(row.sequenceLength()).isLessThanOrEqualTo(3 * 64).isGreaterThan(64);
            assertThat(offsets[offsets.length - 1]).isEqualTo(row.sequenceLength());
            int valid = 0;
            for (int i = 0; i + 1 < offsets.length; i++) {
                Batch alone = one.next();
                int from = offsets[i];
                int to = offsets[i + 1];
                assertThat(Arrays.copyOfRange(row.inputs(), from, to)).isEqualTo(alone.inputs());
                assertThat(Arrays.copyOfRange(row.targets(), from, to)).isEqualTo(alone.targets());
                assertThat(packing.positions()[from]).isZero();
                assertThat(packing.positions()[to - 1]).isEqualTo(to - from - 1);
                valid += alone.validTargets();
            }
            assertThat(row.validTargets()).isEqualTo(valid);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anyPlaceCanBeEntered(boolean packed) throws IOException {
        ExampleCorpus corpus = corpus(17, options(packed));
        BatchSource whole = corpus.trainBatches(20, 4, 3);
        for (int i = 0; i < 30; i++) {
            BatchSource other = corpus.trainBatches(20, 4, 3);
            other.seek(whole.cursor());
            assertThat(other.next().targets()).isEqualTo(whole.next().targets());
        }
        assertThat(whole.cursor().epoch()).isPositive();
        BatchSource another = corpus.trainBatches(20, 4, 4);
        assertThat(another.next().inputs())
                .isNotEqualTo(corpus.trainBatches(20, 4, 3).next().inputs());
        assertThatThrownBy(() -> whole.seek(new Cursor(0, 17))).hasMessageContaining("17");
    }

    @Test
    void oneSideOrTheOther() throws IOException {
        var options = new ExampleCorpus.Options(ExampleFormat.ALPACA, 0.3, 64, false);
        ExampleCorpus corpus = corpus(60, options);
        Set<String> held = new HashSet<>();
        for (Batch batch : corpus.heldOutBatches(64, 1, 0)) {
            held.add(wanted(batch));
        }
        Set<String> train = new HashSet<>();
        BatchSource batches = corpus.trainBatches(64, 1, 1);
        while (batches.cursor().epoch() == 0) {
            train.add(wanted(batches.next()));
        }
        assertThat(held).hasSizeBetween(6, 30).doesNotContainAnyElementsOf(train);
        assertThat(held.size() + train.size()).isEqualTo(60);
        List<Batch> some = new ArrayList<>();
        corpus.heldOutBatches(64, 2, 3).forEach(some::add);
        assertThat(some).hasSize(3).allMatch(b -> b.size() == 2 && b.packing() == null);
        assertThat(corpus(60, options).key()).isEqualTo(corpus.key());
        assertThat(corpus(61, options).key()).isNotEqualTo(corpus.key());
    }

    @Test
    void longOnesLoseTheirEnd() throws IOException {
        var options = new ExampleCorpus.Options(ExampleFormat.AUTO, 0, 12, false);
        ExampleCorpus corpus =
                ExampleCorpus.prepare(
                        List.of(
                                source(
                                        "a.jsonl",
                                        "{\"text\": \"%s\"}".formatted("hello ".repeat(40)),
                                        "{\"text\": \"hello\"}",
                                        "{\"instruction\": \"%s\", \"output\": \"a\"}"
                                                .formatted("say ".repeat(40)))),
                        encoder(template("alpaca"), true),
                        options);
        assertThat(corpus.cut()).isEqualTo(2);
        assertThat(corpus.dropped()).as("its answer is beyond the cut").isEqualTo(1);
        Batch batch = corpus.trainBatches(12, 2, 1).next();
        assertThat(batch.sequenceLength()).isEqualTo(12);
    }

    @Test
    void listsInOneFileAndWhatIsWrong() throws IOException {
        Source list = source("a.json", "[" + String.join(",", lines(5)) + "]");
        ExampleEncoder encoder = encoder(template("alpaca"), true);
        assertThat(
                        ExampleCorpus.prepare(List.of(list), encoder, options(false))
                                .trainBatches(64, 1, 1)
                                .next()
                                .validTargets())
                .isPositive();
        assertThatThrownBy(
                        () -> only(source("b.jsonl", "{\"text\": \"a\"}", "{\"txt\": 1}"), encoder))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("b.jsonl, line 2")
                .hasMessageContaining("messages");
        assertThatThrownBy(() -> template("no-such")).hasMessageContaining("chatml");
        assertThatThrownBy(() -> only(Source.of("/no/such.jsonl"), encoder))
                .hasMessageContaining("/no/such.jsonl");
    }
}
