package io.chagres.cli;

import io.chagres.nn.generate.Decoder;
import io.chagres.nn.generate.KvCache;
import io.chagres.tensor.DType;
import io.chagres.tensor.memory.TensorArena;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// How fast a model writes, one sequence at a time.
final class DecodeSpeed {
    private static final int TOKENS = 24;

    /// How long it is measured as a rule.
    static final double SECONDS = 1.5;

    private DecodeSpeed() {}

    /// Tokens per second: of several runs, after one to warm up, the fastest.
    ///
    /// @param device as `--device` takes it
    /// @param threads 0 for one per processor
    /// @param seconds how long it runs
    static double of(Path folder, String device, int threads, double seconds) throws IOException {
        try (EvalModel model = new EvalModel(folder, null, device, threads, DType.F32);
                TensorArena cache = model.arena("kv cache")) {
            int tokens = Math.min(TOKENS, model.config().maxPositionEmbeddings());
            var pages = new KvCache(KvCache.layers(model.config()), cache, tokens, DType.F32);
            var decoder = new Decoder(model.model(), model.step(), pages);
            run(decoder, tokens);
            double best = 0;
            long begin = System.nanoTime();
            do {
                long start = System.nanoTime();
                run(decoder, tokens);
                best = Math.max(best, tokens / ((System.nanoTime() - start) * 1e-9));
            } while ((System.nanoTime() - begin) * 1e-9 < seconds);
            return best;
        }
    }

    private static void run(Decoder decoder, int tokens) {
        try (KvCache.Sequence sequence = decoder.cache().open()) {
            List<KvCache.Sequence> one = List.of(sequence);
            for (int i = 0; i < tokens; i++) {
                decoder.decode(one, new int[] {i % decoder.vocabSize()}, (s, logits) -> {});
            }
        }
    }
}
