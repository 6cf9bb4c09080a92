package io.chagres.tests.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.LanguageModel.Options;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Decoding with products and KV cache in BF16 beside F32, whose logits are right.
class PrecisionTest {
    /// Of the largest logit: BF16 has 8 bits, and some twenty roundings follow each other here.
    private static final float TOLERANCE = 0.03f;

    /// Logits after a prompt that is read at once, after a chunk that looks back at it, and after
    /// each of some single tokens.
    private static List<float[]> logits(String name, DType compute) throws IOException {
        int[][] rows = Golden.inputs(name);
        int[] ids = Arrays.copyOf(rows[0], 2 * rows[0].length);
        System.arraycopy(rows[1], 0, ids, rows[0].length, rows[1].length);
        List<float[]> all = new ArrayList<>();
        try (Backend backend = new CpuBackend(2);
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step");
                SafeTensors file = HfCheckpoint.open(Golden.folder(name))) {
            var model = HfCheckpoint.map(Golden.folder(name), file, weights, compute).model();
            var cache = new KvCache(KvCache.layers(model.config()), weights, 64, compute);
            Decoder decoder = new Decoder(model, step, cache, compute);
            try (KvCache.Sequence sequence = cache.open()) {
                all.add(decoder.prefill(sequence, Arrays.copyOf(ids, 20)));
                all.add(decoder.prefill(sequence, Arrays.copyOfRange(ids, 20, 38)));
                for (int i = 38; i < 44; i++) {
                    all.add(decoder.decode(List.of(sequence), ids[i])[0]);
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "qwen2", "deepseek_v2"})
    void bf16IsCloseToF32(String name) throws IOException {
        List<float[]> want = logits(name, DType.F32);
        List<float[]> got = logits(name, DType.BF16);
        for (int i = 0; i < want.size(); i++) {
            float largest = 0;
            for (float x : want.get(i)) {
                largest = Math.max(largest, Math.abs(x));
            }
            assertThat(got.get(i)).containsExactly(want.get(i), within(TOLERANCE * largest));
            assertThat(got.get(i)).isNotEqualTo(want.get(i));
        }
    }

    private static LanguageModel load(DType compute) throws IOException {
        return LanguageModel.load(
                Golden.shared("data/stories260K-hf"),
                new Options("cpu", 2, 2048, Long.MAX_VALUE).withCompute(compute));
    }

    @Test
    void severalAnswersAtOnceAreThoseOfOneAtATime() throws IOException {
        SamplingOptions greedy = SamplingOptions.greedy(24);
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            prompts.add("Once upon a time, there was a dog. " + "It was big. ".repeat(i));
        }
        try (LanguageModel model = load(DType.BF16)) {
            List<Generation> together = model.generate(prompts, greedy);
            for (int i = 0; i < prompts.size(); i++) {
                assertThat(model.generate(prompts.get(i), greedy).ids())
                        .isEqualTo(together.get(i).ids());
            }
            assertThat(together.getFirst().text()).contains(" named ");
        }
    }

    @Test
    void theCacheIsHalfAsLarge() throws IOException {
        long wide;
        try (LanguageModel model = load(DType.F32)) {
            wide = model.stats().kvTotalBytes();
        }
        try (LanguageModel model = load(DType.BF16)) {
            assertThat(2 * model.stats().kvTotalBytes()).isEqualTo(wide);
        }
    }

    @Test
    void otherDtypesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.DEFAULT.withCompute(DType.F16))
                .withMessage("compute F16: F32 or BF16 wanted");
    }
}
