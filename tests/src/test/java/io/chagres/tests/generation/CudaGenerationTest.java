package io.chagres.tests.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.gpu.CudaBackend;
import io.chagres.kernels.gpu.driver.CudaLibrary;
import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.transformer.Transformer;
import io.chagres.ptx.driver.FakeCuda;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Generation on the CUDA backend, over the PTX interpreter, gives Hugging Face's tokens.
class CudaGenerationTest {
    private static final int PROMPT = 8;
    private static final int TOKENS = 3;

    @Test
    void greedyIdsAreHuggingFaces() throws IOException {
        int[] want = Golden.ints("llama", "greedy");
        int[] continuation = Arrays.copyOfRange(want, want.length - 24, want.length);
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            try (CudaBackend gpu = new CudaBackend(CudaLibrary.of(cuda.lookup()), 0, true);
                    TensorArena weights = gpu.arena("weights");
                    TensorArena step = gpu.arena("step")) {
                Transformer model = HfCheckpoint.load(Golden.folder("llama"), weights).model();
                Decoder decoder =
                        new Decoder(model, step, new KvCache(model.config(), weights, 64));
                try (KvCache.Sequence sequence = decoder.cache().open()) {
                    int[] prompt = Arrays.copyOf(Golden.inputs("llama")[0], PROMPT);
                    float[] logits = decoder.prefill(sequence, prompt);
                    for (int i = 0; i < TOKENS; i++) {
                        int id = largest(logits);
                        assertThat(id).as("token %d", i).isEqualTo(continuation[i]);
                        logits = decoder.decode(List.of(sequence), id)[0];
                    }
                }
            }
            assertThat(cuda.faults()).isEmpty();
            assertThat(cuda.liveAllocations()).isZero();
        }
    }

    private static int largest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }
}
