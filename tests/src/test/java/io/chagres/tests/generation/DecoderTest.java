package io.chagres.tests.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.generate.Sampler;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.ArenaOptions;
import io.chagres.tensor.memory.BudgetExceeded;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Generation over the paged KV cache equals the full forward pass and Hugging Face's ids.
class DecoderTest {
    private static final float CLOSE = 1e-5f;

    /// A loaded model with a decoder.
    private record Setup(
            Backend backend,
            TensorArena weights,
            TensorArena step,
            Transformer model,
            Decoder decoder)
            implements AutoCloseable {
        static Setup of(String name, String device, int maxTokens, ArenaOptions options)
                throws IOException {
            Backend backend = device.equals("cpu") ? new CpuBackend(2) : new ReferenceBackend();
            TensorArena weights = backend.arena("weights");
            TensorArena step = backend.arena("step", options);
            Transformer model = HfCheckpoint.load(Golden.folder(name), weights).model();
            KvCache cache = new KvCache(model.config(), weights, maxTokens);
            return new Setup(backend, weights, step, model, new Decoder(model, step, cache));
        }

        static Setup of(String name, String device) throws IOException {
            return of(name, device, 256, ArenaOptions.of(0));
        }

        KvCache.Sequence open() {
            return decoder.cache().open();
        }

        /// Logits after the last of the ids, by a full forward pass.
        float[] full(int... ids) {
            float[] all = Golden.logits(model, step, ids);
            return Arrays.copyOfRange(all, all.length / ids.length * (ids.length - 1), all.length);
        }

        @Override
        public void close() {
            step.close();
            weights.close();
            backend.close();
        }
    }

    static Stream<Arguments> cases() {
        return Stream.of("llama", "gpt2", "qwen2", "mixtral", "deepseek_v2", "deepseek_v3")
                .flatMap(m -> Stream.of("reference", "cpu").map(d -> Arguments.of(m, d)));
    }

    private static List<Integer> greedy(Setup s, KvCache.Sequence sequence, int[] prompt, int n) {
        Sampler sampler = new Sampler(SamplingOptions.greedy(n));
        List<Integer> ids = new ArrayList<>();
        float[] logits = s.decoder.prefill(sequence, prompt);
        while (true) {
            ids.add(sampler.next(logits));
            if (ids.size() == n) {
                return ids;
            }
            logits = s.decoder.decode(List.of(sequence), ids.getLast())[0];
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void greedyIdsAreHuggingFaces(String name, String device) throws IOException {
        int[] prompt = Arrays.copyOf(Golden.inputs(name)[0], 8);
        int[] want = Golden.ints(name, "greedy");
        int[] continuation = Arrays.copyOfRange(want, want.length - 24, want.length);
        try (Setup s = Setup.of(name, device);
                KvCache.Sequence sequence = s.open()) {
            assertThat(greedy(s, sequence, prompt, 24)).containsExactly(boxed(continuation));
            assertThat(sequence.length()).isEqualTo(8 + 23);
        }
    }

    private static Integer[] boxed(int... ids) {
        return Arrays.stream(ids).boxed().toArray(Integer[]::new);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void cachedLogitsEqualTheFullPass(String name, String device) throws IOException {
        int[] ids = longInput(name, 40); // into the second page
        try (Setup s = Setup.of(name, device);
                KvCache.Sequence sequence = s.open()) {
            float[] got = s.decoder.prefill(sequence, Arrays.copyOf(ids, 30));
            for (int n = 30; n < ids.length; n++) {
                assertThat(got).containsExactly(s.full(Arrays.copyOf(ids, n)), within(CLOSE));
                got = s.decoder.decode(List.of(sequence), ids[n])[0];
            }
            assertThat(got).containsExactly(s.full(ids), within(CLOSE));
        }
    }

    private static int[] longInput(String name, int length) throws IOException {
        int[][] rows = Golden.inputs(name);
        int[] ids = Arrays.copyOf(rows[0], 2 * rows[0].length);
        System.arraycopy(rows[1], 0, ids, rows[0].length, rows[1].length);
        return Arrays.copyOf(ids, length);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aPromptMayComeInChunks(String name, String device) throws IOException {
        int[] ids = longInput(name, 45);
        try (Setup s = Setup.of(name, device);
                KvCache.Sequence sequence = s.open()) {
            int done = 0;
            for (int chunk : new int[] {5, 1, 27, 12}) {
                float[] got =
                        s.decoder.prefill(sequence, Arrays.copyOfRange(ids, done, done + chunk));
                done += chunk;
                assertThat(got).containsExactly(s.full(Arrays.copyOf(ids, done)), within(CLOSE));
                assertThat(sequence.length()).isEqualTo(done);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void sequencesOfDifferentLengthsDecodeTogether(String name, String device) throws IOException {
        int[][] prompts = {longInput(name, 33), longInput(name, 3), Golden.inputs(name)[1]};
        try (Setup s = Setup.of(name, device)) {
            List<KvCache.Sequence> batch = new ArrayList<>();
            for (int[] prompt : prompts) {
                batch.add(s.open());
                s.decoder.prefill(batch.getLast(), prompt);
            }
            int[] next = {7, 8, 9};
            for (int n = 0; n < 3; n++) {
                float[][] got = s.decoder.decode(batch, next);
                for (int i = 0; i < prompts.length; i++) {
                    prompts[i] = Arrays.copyOf(prompts[i], prompts[i].length + 1);
                    prompts[i][prompts[i].length - 1] = next[i];
                    assertThat(got[i]).containsExactly(s.full(prompts[i]), within(CLOSE));
                }
                next = new int[] {next[1] + 1, next[2] + 1, next[0] + 1};
            }
            batch.forEach(KvCache.Sequence::close);
            assertThat(s.decoder.cache().availableTokens()).isEqualTo(256);
        }
    }

    @Test
    void aFullCacheIsReportedAndItsPagesComeBack() throws IOException {
        try (Setup s = Setup.of("llama", "cpu", 64, ArenaOptions.of(0))) {
            KvCache cache = s.decoder.cache();
            int[] ids = longInput("llama", 32);
            try (KvCache.Sequence a = cache.open();
                    KvCache.Sequence b = cache.open()) {
                s.decoder.prefill(a, Arrays.copyOf(ids, 31));
                float[] before = s.decoder.prefill(b, ids);
                assertThat(cache.availableTokens()).isZero();
                // a has room for a token, b would need a page: neither moves
                assertThatThrownBy(() -> s.decoder.decode(List.of(a, b), 1, 2))
                        .isInstanceOf(BudgetExceeded.class)
                        .hasMessageContaining("KV cache is full");
                assertThat(a.length()).isEqualTo(31);
                assertThat(b.length()).isEqualTo(32);
                float[] got = s.decoder.decode(List.of(a), ids[31])[0];
                assertThat(got).containsExactly(before, within(CLOSE));
            }
            assertThat(cache.availableTokens()).isEqualTo(64);
            try (KvCache.Sequence all = cache.open()) {
                s.decoder.prefill(all, longInput("llama", 48));
                assertThat(cache.availableTokens()).isZero();
            }
        }
    }

    @Test
    void anArenaThatIsTooSmallLeavesTheSequenceAsItWas() throws IOException {
        ArenaOptions tight = ArenaOptions.of(0).withLimit(60_000);
        try (Setup s = Setup.of("llama", "cpu", 256, tight);
                KvCache.Sequence sequence = s.open()) {
            int[] ids = longInput("llama", 40);
            s.decoder.prefill(sequence, ids[0], ids[1]);
            assertThatThrownBy(() -> s.decoder.prefill(sequence, Arrays.copyOfRange(ids, 2, 40)))
                    .isInstanceOf(BudgetExceeded.class)
                    .hasMessageContaining("arena 'step'");
            assertThat(sequence.length()).isEqualTo(2);
            assertThat(s.decoder.cache().availableTokens()).isEqualTo(256 - KvCache.PAGE_TOKENS);
            float[] got = s.decoder.decode(List.of(sequence), ids[2])[0];
            try (Setup roomy = Setup.of("llama", "cpu")) {
                assertThat(got).containsExactly(roomy.full(ids[0], ids[1], ids[2]), within(CLOSE));
            }
        }
    }

    @Test
    void fiftyGenerationsAskForNoMemoryAfterTheSecond() throws IOException {
        int[] prompt = longInput("llama", 30);
        try (Setup s = Setup.of("llama", "cpu")) {
            long blocks = 0;
            for (int n = 0; n < 50; n++) {
                try (KvCache.Sequence sequence = s.open()) {
                    greedy(s, sequence, prompt, 4);
                }
                if (n == 1) {
                    blocks = s.step.blocksRequested();
                }
            }
            assertThat(s.step.blocksRequested()).isEqualTo(blocks).isPositive();
            assertThat(s.step.used()).isZero();
        }
    }

    @Test
    void wrongArgumentsAreRefused() throws IOException {
        try (Setup s = Setup.of("llama", "cpu");
                KvCache.Sequence a = s.open()) {
            KvCache.Sequence b = s.open();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> s.decoder.decode(List.of(a, b), 1))
                    .withMessageContaining("1 tokens for 2 sequences");
            assertThatIllegalArgumentException().isThrownBy(() -> s.decoder.prefill(a));
            assertThatIllegalArgumentException().isThrownBy(() -> s.decoder.decode(List.of()));
            s.decoder.prefill(a, 1, 2);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> s.decoder.prefill(a, new int[127]))
                    .withMessageContaining("129 tokens")
                    .withMessageContaining("128");
            assertThat(a.length()).isEqualTo(2);
            b.close();
            assertThatThrownBy(() -> s.decoder.prefill(b, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }
}
