package io.chagres.tests.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.EngineStats;
import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.Generation.Reason;
import io.chagres.nn.generate.GenerationStream;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.LanguageModel.Options;
import io.chagres.nn.generate.Piece;
import io.chagres.nn.generate.Sampler;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.generate.ScoredToken;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.BudgetExceeded;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many requests at once on one engine, with a real, very small model.
class EngineTest {
    private static final SamplingOptions ENDLESS =
            SamplingOptions.builder().ignoreEos(true).build();

    private LanguageModel model;

    private void load(int maxTokens, int running, int waiting) throws IOException {
        model =
                LanguageModel.load(
                        Golden.shared("data/stories260K-hf"),
                        new Options(
                                "cpu", 2, maxTokens, Long.MAX_VALUE, running, waiting, DType.F32));
    }

    @AfterEach
    void nothingIsLeft() {
        if (model != null) {
            EngineStats stats = settle(s -> s.kvUsedBytes() == 0 && s.running() == 0);
            assertThat(stats.kvUsedBytes()).isZero();
            assertThat(stats.running()).isZero();
            assertThat(stats.waiting()).isZero();
            model.close();
        }
    }

    /// An endless answer that stops before its third token until it is told to go on: the first is
    /// out by then.
    private static SamplingOptions pausing(CountDownLatch go) {
        AtomicInteger tokens = new AtomicInteger();
        return ENDLESS.toBuilder()
                .processors(
                        List.of((history, logits) -> {
                            if (tokens.incrementAndGet() == 3) {
                                await(go);
                            }
                        }))
                .build();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private EngineStats settle(Predicate<EngineStats> settled) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!settled.test(model.stats()) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        return model.stats();
    }

    private static List<String> prompts(int n) {
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            prompts.add("Once upon a time " + "there was a dog. ".repeat(i % 7) + i);
        }
        return prompts;
    }

    private static SamplingOptions options(int i) {
        SamplingOptions greedy =
                SamplingOptions.greedy(10 + i % 23).toBuilder().ignoreEos(true).build();
        return i % 3 == 0 ? greedy : greedy.withTemperature(0.9).withSeed(i);
    }

    @Test
    void everyRequestGetsWhatItWouldGetAlone() throws IOException {
        load(4096, 64, Integer.MAX_VALUE);
        List<Generation> want = new ArrayList<>();
        List<String> prompts = prompts(40);
        for (int i = 0; i < prompts.size(); i++) {
            want.add(model.generate(prompts.get(i), options(i)));
        }
        List<GenerationStream> streams = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            streams.add(model.submit(prompts.get(i), options(i)));
        }
        for (int i = 0; i < prompts.size(); i++) {
            Generation got = streams.get(i).result();
            assertThat(got.ids()).as(prompts.get(i)).isEqualTo(want.get(i).ids());
            assertThat(got.text()).isEqualTo(want.get(i).text());
        }
        assertThat(model.stats().preemptions()).isZero();
        assertThat(model.generate(prompts, SamplingOptions.greedy(5)))
                .extracting(Generation::text)
                .containsExactlyElementsOf(
                        prompts.stream()
                                .map(p -> model.generate(p, SamplingOptions.greedy(5)).text())
                                .toList());
    }

    @Test
    void whoGivesItsPagesAwayGoesOnAsBefore() throws IOException {
        load(12 * KvCache.PAGE_TOKENS, 64, Integer.MAX_VALUE);
        List<Generation> want = new ArrayList<>();
        List<GenerationStream> streams = new ArrayList<>();
        for (int seed = 0; seed < 8; seed++) {
            SamplingOptions o =
                    SamplingOptions.greedy(150).toBuilder()
                            .ignoreEos(true)
                            .temperature(0.8)
                            .seed(seed)
                            .build();
            want.add(model.generate("Once upon a time", o));
        }
        for (int seed = 0; seed < 8; seed++) {
            SamplingOptions o =
                    SamplingOptions.greedy(150).toBuilder()
                            .ignoreEos(true)
                            .temperature(0.8)
                            .seed(seed)
                            .build();
            streams.add(model.submit("Once upon a time", o));
        }
        for (int seed = 0; seed < 8; seed++) {
            assertThat(streams.get(seed).result().ids()).isEqualTo(want.get(seed).ids());
        }
        assertThat(model.stats().preemptions()).isPositive();
    }

    @Test
    void aLongPromptInChunksIsLikeOneInOnePass() throws IOException {
        load(0, 4, 4);
        int[] prompt = Arrays.copyOf(model.promptIds("Tom went to the park. ".repeat(99)), 500);
        List<Integer> want = new ArrayList<>();
        try (Backend backend = new CpuBackend(2);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            Path folder = Golden.shared("data/stories260K-hf");
            Transformer plain = HfCheckpoint.load(folder, weights).model();
            Decoder decoder = new Decoder(plain, step, new KvCache(plain.config(), weights, 512));
            try (KvCache.Sequence sequence = decoder.cache().open()) {
                Sampler sampler = new Sampler(SamplingOptions.greedy(8));
                float[] logits = decoder.prefill(sequence, prompt);
                for (int i = 0; i < 8; i++) {
                    want.add(sampler.next(logits));
                    logits = decoder.decode(List.of(sequence), want.getLast())[0];
                }
            }
        }
        Generation got = model.generate(prompt, ENDLESS.withMaxNewTokens(8), piece -> true);
        assertThat(got.tokens()).extracting(ScoredToken::id).isEqualTo(want);
    }

    @Test
    void cancellingGivesPagesBack() throws IOException {
        load(0, 8, 8);
        CountDownLatch go = new CountDownLatch(1);
        GenerationStream running = model.submit("Once", pausing(go));
        Piece first = running.next();
        assertThat(first).isNotNull();
        running.cancel();
        go.countDown();
        Generation g = running.result();
        assertThat(g.reason()).isEqualTo(Reason.CANCELLED);
        assertThat(g.ids().length).isLessThan(model.maxLength());
        assertThat(settle(s -> s.kvUsedBytes() == 0).kvUsedBytes()).isZero();
        running.cancel();
        assertThat(model.stats().finished()).containsEntry(Reason.CANCELLED, 1L);
    }

    @Test
    void aFullQueueRefusesAndAWaitingRequestCanBeCancelled() throws IOException {
        load(0, 1, 1);
        CountDownLatch go = new CountDownLatch(1);
        try (GenerationStream running = model.submit("Once", pausing(go))) {
            running.next();
            GenerationStream waiting = model.submit("Once", ENDLESS);
            assertThatThrownBy(() -> model.submit("Once", ENDLESS))
                    .isInstanceOf(RejectedExecutionException.class)
                    .hasMessageContaining("1 requests are waiting");
            assertThat(waiting.poll(Duration.ofMillis(1))).isNull();
            assertThat(waiting.isOver()).isFalse();
            waiting.cancel();
            go.countDown();
            assertThat(waiting.result().ids()).isEmpty();
            assertThat(waiting.result().reason()).isEqualTo(Reason.CANCELLED);
        }
    }

    @Test
    void itCanBeClosedWhileItIsBusy() throws Exception {
        load(0, 2, 100);
        List<GenerationStream> streams = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            streams.add(model.submit("Once", ENDLESS));
        }
        streams.getFirst().next();
        model.close();
        for (GenerationStream stream : streams) {
            assertThatThrownBy(stream::result)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
        assertThatThrownBy(() -> model.submit("Once", ENDLESS))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        model = null;
    }

    @Test
    void anInterruptedCallerCancels() throws Exception {
        load(0, 2, 2);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> busy = threads.submit(() -> model.generate("Once", ENDLESS));
            settle(s -> s.running() == 1);
            busy.cancel(true);
            EngineStats stats = settle(s -> s.running() == 0);
            assertThat(stats.finished().get(Reason.CANCELLED)).isEqualTo(1);
        }
    }

    @Test
    void aProcessorThatFailsConcernsItsRequestOnly() throws IOException {
        load(0, 8, 8);
        Generation want = model.generate("Once", SamplingOptions.greedy(30));
        SamplingOptions failing =
                SamplingOptions.greedy(30).toBuilder()
                        .processors(
                                List.of((history, logits) -> {
                                    if (history.length() > 12) {
                                        throw new UnsupportedOperationException("no");
                                    }
                                }))
                        .build();
        GenerationStream good = model.submit("Once", SamplingOptions.greedy(30));
        GenerationStream bad = model.submit("Once", failing);
        assertThatThrownBy(bad::result)
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("no");
        assertThat(good.result().ids()).isEqualTo(want.ids());
        assertThat(model.stats().failed()).isEqualTo(1);
    }

    @Test
    void logProbabilitiesAreThoseOfTheModel() throws IOException {
        load(0, 8, 8);
        SamplingOptions o = SamplingOptions.greedy(12).toBuilder().topLogProbs(3).build();
        Generation g = model.generate("Once upon a time", o);
        for (ScoredToken token : g.tokens()) {
            assertThat(token.alternatives()).hasSize(3);
            assertThat(token.alternatives().getFirst().id()).isEqualTo(token.id());
            assertThat(token.alternatives().getFirst().logProb()).isEqualTo(token.logProb());
            double mass =
                    token.alternatives().stream().mapToDouble(a -> Math.exp(a.logProb())).sum();
            assertThat(mass).isLessThanOrEqualTo(1 + 1e-6).isGreaterThan(0.1);
        }
        var hot = o.withTemperature(1.5).withSeed(3);
        Generation h = model.generate("Once upon a time", hot);
        int same = h.tokens().getFirst().alternatives().getFirst().id();
        assertThat(same).isEqualTo(g.tokens().getFirst().id()); // temperature does not matter
        assertThat(h.tokens().getFirst().alternatives().getFirst().logProb())
                .isCloseTo(g.tokens().getFirst().logProb(), within(1e-6f));
    }

    @Test
    void lengthsAreKept() throws IOException {
        load(64, 8, 8);
        SamplingOptions unlimited = ENDLESS.toBuilder().maxLength(20).build();
        Generation g = model.generate("Once upon a time", unlimited);
        assertThat(g.ids().length + g.promptTokens()).isEqualTo(20);
        assertThat(g.reason()).isEqualTo(Reason.LENGTH);
        assertThat(model.generate("Once", ENDLESS).ids().length).isEqualTo(64 - 2 + 1);
        assertThatThrownBy(() -> model.generate("Once", SamplingOptions.greedy(100)))
                .isInstanceOf(BudgetExceeded.class)
                .hasMessageContaining("64 tokens");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.generate("Once", ENDLESS.toBuilder().maxLength(2).build()))
                .withMessageContaining("maxLength");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.generate(new int[] {1, 9999}, ENDLESS, piece -> true))
                .withMessageContaining("token 9999");
    }

    @Test
    void jfrHearsOfIt(@TempDir Path dir) throws IOException {
        load(0, 8, 8);
        Path file = dir.resolve("engine.jfr");
        try (Recording recording = new Recording()) {
            for (String name : List.of("Generation", "Token", "Pass")) {
                recording.enable("io.chagres." + name).withThreshold(Duration.ZERO);
            }
            recording.start();
            model.generate("Once upon a time", SamplingOptions.greedy(6));
            settle(s -> s.running() == 0); // the answer is out before its last pass is over
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        RecordedEvent whole = only(events, "io.chagres.Generation").getFirst();
        assertThat(whole.getInt("generatedTokens")).isEqualTo(6);
        assertThat(whole.getInt("promptTokens")).isPositive();
        assertThat(whole.getLong("kvBytes")).isPositive();
        assertThat(whole.getString("reason")).isEqualTo("length");
        assertThat(whole.getDuration("timeToFirstToken"))
                .isGreaterThanOrEqualTo(whole.getDuration("queueTime"));
        assertThat(only(events, "io.chagres.Token"))
                .hasSize(5)
                .allMatch(e -> e.getDuration("latency").isPositive());
        assertThat(only(events, "io.chagres.Pass"))
                .extracting(e -> e.getString("kind"))
                .containsExactly("prefill", "decode", "decode", "decode", "decode", "decode");
    }

    private static List<RecordedEvent> only(List<RecordedEvent> events, String name) {
        return events.stream().filter(e -> e.getEventType().getName().equals(name)).toList();
    }

    @Test
    void statisticsCount() throws IOException {
        load(0, 8, 8);
        Generation g = model.generate("Once upon a time", SamplingOptions.greedy(6));
        EngineStats s = settle(x -> x.running() == 0);
        assertThat(s.promptTokens()).isEqualTo(g.promptTokens());
        assertThat(s.generatedTokens()).isEqualTo(6);
        assertThat(s.timeToFirstToken().count()).isEqualTo(1);
        assertThat(s.tokenLatency().count()).isEqualTo(5);
        assertThat(s.tokenLatency().upTo().getLast()).isEqualTo(5);
        assertThat(s.finished()).containsEntry(Reason.LENGTH, 1L);
        assertThat(s.kvTotalBytes()).isPositive();
        assertThat(g.timing().firstToken()).isLessThanOrEqualTo(g.timing().total());
    }
}
