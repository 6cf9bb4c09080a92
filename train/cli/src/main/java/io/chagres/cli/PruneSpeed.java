package io.chagres.cli;

import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import java.util.Arrays;

/// How fast two models read text, measured in turns so that what disturbs the machine disturbs
/// both.
///
/// @param before tokens per second of the first
/// @param after tokens per second of the second
record PruneSpeed(double before, double after) {
    private static final int TOKENS = 256;
    private static final int ROUNDS = 7;

    /// Measures.
    ///
    /// @param seconds how long, warming up included
    static PruneSpeed of(Transformer a, Transformer b, TensorArena step, double seconds) {
        int tokens = Math.min(TOKENS, a.config().maxPositionEmbeddings());
        int[] ids = new int[tokens];
        Arrays.setAll(ids, i -> i * 31 % a.config().vocabSize());
        double each = seconds / (2 * (ROUNDS + 2));
        run(a, ids, step, 2 * each);
        run(b, ids, step, 2 * each);
        double[] first = new double[ROUNDS];
        double[] second = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            first[i] = run(a, ids, step, each);
            second[i] = run(b, ids, step, each);
        }
        Arrays.sort(first);
        Arrays.sort(second);
        return new PruneSpeed(first[ROUNDS / 2], second[ROUNDS / 2]);
    }

    /// Tokens per second.
    private static double run(Transformer model, int[] ids, TensorArena step, double seconds) {
        long start = System.nanoTime();
        long passes = 0;
        double taken;
        do {
            step.call(() ->
                    model.logits(
                                    Transformer.Input.of(
                                            Tensor.of(step, Shape.of(1, ids.length), ids)))
                            .shape());
            passes++;
            taken = (System.nanoTime() - start) * 1e-9;
        } while (taken < seconds);
        return passes * ids.length / taken;
    }
}
