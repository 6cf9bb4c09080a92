package io.chagres.tests.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.Generation.Reason;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.LanguageModel.Options;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.tensor.memory.BudgetExceeded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Text from a real, very small model.
class LanguageModelTest {
    private static final String LILY = "Once upon a time, there was a little girl named Lily";

    private LanguageModel model;

    @BeforeEach
    void load() throws IOException {
        model = load(0, Long.MAX_VALUE);
    }

    private static LanguageModel load(int maxTokens, long limitBytes) throws IOException {
        return LanguageModel.load(
                Golden.shared("data/stories260K-hf"), new Options("cpu", 2, maxTokens, limitBytes));
    }

    @AfterEach
    void close() {
        if (model != null) {
            model.close();
        }
    }

    private static SamplingOptions sampled(long seed, int tokens) {
        return new SamplingOptions(0.9, 0, 0.95, 0, 1.05, seed, tokens, List.of(), true);
    }

    @Test
    void tellsAGreedyStory() {
        SamplingOptions options = new SamplingOptions(0, 0, 1, 0, 1, 0, 256, List.of(), true);
        List<String> pieces = new ArrayList<>();
        Generation story = model.generate(new int[] {1}, options, pieces::add);
        assertThat(story.text().strip()).startsWith(LILY);
        assertThat(story.ids()).hasSize(256);
        assertThat(story.promptTokens()).isEqualTo(1);
        assertThat(story.reason()).isEqualTo(Reason.LENGTH);
        assertThat(String.join("", pieces)).isEqualTo(story.text());
        assertThat(pieces).hasSizeGreaterThan(100).doesNotContain("");
        assertThat(model.generate("", options).ids()).isEqualTo(story.ids());
    }

    @Test
    void continuesAPrompt() {
        Generation g = model.generate("Once upon a time, there was a", SamplingOptions.greedy(12));
        assertThat(g.text()).startsWith(" little girl named Lily");
        assertThat(g.ids()).hasSize(12);
        assertThat(model.generate("Once", SamplingOptions.greedy(0)).text()).isEmpty();
    }

    @Test
    void theSameSeedTellsTheSameStory() {
        Generation a = model.generate("Once", sampled(1, 40));
        assertThat(model.generate("Once", sampled(1, 40)).ids()).isEqualTo(a.ids());
        assertThat(model.generate("Once", sampled(2, 40)).ids()).isNotEqualTo(a.ids());
    }

    @Test
    void theContextEndsAStory() {
        int context = model.config().maxPositionEmbeddings();
        int[] prompt = new int[context - 3];
        java.util.Arrays.fill(prompt, 1);
        SamplingOptions endless =
                new SamplingOptions(0, 0, 1, 0, 1, 0, Integer.MAX_VALUE, List.of(), true);
        Generation g = model.generate(prompt, endless, piece -> true);
        assertThat(g.ids()).hasSize(4); // the last one need not be seen
        assertThat(g.reason()).isEqualTo(Reason.LENGTH);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.generate(new int[context + 1], endless, piece -> true))
                .withMessageContaining("513 tokens")
                .withMessageContaining("512");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.generate(new int[0], endless, piece -> true))
                .withMessageContaining("no token");
    }

    @Test
    void aStopTextEndsItWhereverPiecesFall() {
        String text = model.generate("Once", SamplingOptions.greedy(60)).text();
        for (int at : new int[] {0, 1, 7, 30, 31, 32, 33, 90}) {
            String stop = text.substring(at, at + 1 + at % 7);
            Generation g =
                    model.generate(
                            "Once", SamplingOptions.greedy(60).withStop("never written", stop));
            assertThat(g.text()).isEqualTo(text.substring(0, text.indexOf(stop)));
            assertThat(g.reason()).isEqualTo(Reason.STOP);
            assertThat(g.ids().length).isLessThan(60);
        }
    }

    @Test
    void aReceiverMayCancel() {
        List<String> pieces = new ArrayList<>();
        Generation g =
                model.generate(
                        "Once",
                        SamplingOptions.greedy(60),
                        piece -> {
                            pieces.add(piece);
                            return pieces.size() < 5;
                        });
        assertThat(pieces).hasSize(5);
        assertThat(g.reason()).isEqualTo(Reason.CANCELLED);
        assertThat(g.text()).isEqualTo(String.join("", pieces));
    }

    @Test
    void aReceiverThatFailsLeavesTheModelUsable() {
        Generation want = model.generate("Once", SamplingOptions.greedy(20));
        for (int i = 0; i < 30; i++) { // each would keep a page of the cache's 16 otherwise
            assertThatThrownBy(() ->
                            model.generate(
                                    "Once",
                                    SamplingOptions.greedy(20),
                                    piece -> {
                                        throw new IllegalStateException("no more");
                                    }))
                    .hasMessage("no more");
        }
        assertThat(model.generate("Once", SamplingOptions.greedy(20)).ids()).isEqualTo(want.ids());
    }

    @Test
    void aFullCacheIsReportedAndGivenBack() throws IOException {
        try (LanguageModel small = load(32, Long.MAX_VALUE)) {
            SamplingOptions endless = new SamplingOptions(0, 0, 1, 0, 1, 0, 100, List.of(), true);
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> small.generate("Once", endless))
                        .isInstanceOf(BudgetExceeded.class)
                        .hasMessageContaining("KV cache is full");
                assertThat(small.generate("Once", SamplingOptions.greedy(20)).ids()).hasSize(20);
            }
        }
        assertThatThrownBy(() -> load(0, 1000))
                .isInstanceOf(BudgetExceeded.class)
                .hasMessageContaining("kv cache");
    }

    @Test
    void aClosedModelSaysSo() {
        model.close();
        model.close();
        assertThatThrownBy(() -> model.generate("Once", SamplingOptions.greedy(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void manyThreadsShareOneModel() throws Exception {
        List<Generation> want = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            want.add(model.generate("Once", sampled(i, 30)));
        }
        List<Callable<Generation>> work = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int seed = i;
            work.add(() -> model.generate("Once", sampled(seed, 30)));
        }
        for (ExecutorService threads :
                List.of(
                        Executors.newFixedThreadPool(4),
                        Executors.newVirtualThreadPerTaskExecutor())) {
            try (threads) {
                List<Future<Generation>> got = threads.invokeAll(work);
                for (int i = 0; i < 8; i++) {
                    assertThat(got.get(i).get().ids()).isEqualTo(want.get(i).ids());
                }
            }
        }
    }

    @Test
    void memoryDoesNotGrow() throws IOException {
        generateSeveral(10);
        long before = resident();
        generateSeveral(50);
        assertThat(resident() - before).isLessThan(24L << 20);
    }

    private void generateSeveral(int n) {
        for (int i = 0; i < n; i++) {
            model.generate("Once upon a time", sampled(i, 20));
        }
    }

    /// Resident bytes that are not the Java heap's to grow: after a collection, as Linux counts
    /// them.
    private static long resident() throws IOException {
        System.gc();
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(l -> l.startsWith("VmRSS:"))
                .mapToLong(l -> 1024 * Long.parseLong(l.replaceAll("\\D", "")))
                .sum();
    }
}
