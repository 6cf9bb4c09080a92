package io.chagres.tests.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.tensor.DType;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a sequence gets from a decoding pass does not depend on the others in it, to the bit: also
/// where its tokens share experts with theirs.
class BatchIndependenceTest {
    private static final int SEQUENCES = 16;
    private static final int STEPS = 4;

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "qwen2", "mixtral", "deepseek_v2", "deepseek_v3"})
    void aBatchGivesEachWhatItGetsAlone(String name) throws IOException {
        try (Backend backend = new CpuBackend(2);
                SafeTensors file = SafeTensors.open(Golden.folder(name));
                TensorArena weights = backend.arena("weights");
                TensorArena step = backend.arena("step")) {
            var model = HfCheckpoint.map(Golden.folder(name), file, weights, DType.F32).model();
            KvCache cache = new KvCache(model.config(), weights, 2 * SEQUENCES * 64);
            Decoder decoder = new Decoder(model, step, cache);
            Random random = new Random(5);
            int vocabulary = decoder.vocabSize();
            List<KvCache.Sequence> together = new ArrayList<>();
            List<KvCache.Sequence> alone = new ArrayList<>();
            for (int i = 0; i < SEQUENCES; i++) {
                int[] prompt = random.ints(1 + 3 * i, 0, vocabulary).toArray();
                for (List<KvCache.Sequence> all : List.of(together, alone)) {
                    all.add(cache.open());
                    decoder.prefill(all.getLast(), prompt);
                }
            }
            for (int n = 0; n < STEPS; n++) {
                int[] tokens = random.ints(SEQUENCES, 0, vocabulary).toArray();
                int size = SEQUENCES - 3 * n; // some have left
                float[][] got =
                        decoder.decode(together.subList(0, size), Arrays.copyOf(tokens, size));
                for (int i = 0; i < size; i++) {
                    float[] want = decoder.decode(List.of(alone.get(i)), tokens[i])[0];
                    assertThat(got[i]).as("%s, step %d, sequence %d", name, n, i).isEqualTo(want);
                }
            }
        }
    }
}
