package io.chagres.nn.generate;

import io.chagres.nn.transformer.Rotary;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import java.util.Arrays;
import java.util.List;

/// Runs a model token by token over a KV cache. Used by one thread at a time.
public final class Decoder {
    private final Transformer model;
    private final TensorArena step;
    private final KvCache cache;

    /// Creates a decoder.
    ///
    /// @param step arena for one forward pass, reset after each
    public Decoder(Transformer model, TensorArena step, KvCache cache) {
        this.model = model;
        this.step = step;
        this.cache = cache;
    }

    /// The cache sequences are opened in.
    public KvCache cache() {
        return cache;
    }

    /// Most tokens a sequence can have.
    public int maxLength() {
        return model.config().maxPositionEmbeddings();
    }

    /// Appends tokens to a sequence, which may have some already.
    ///
    /// @return logits of what follows the last token
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the cache or the arena is full; the
    ///   sequence is unchanged then
    public float[] prefill(KvCache.Sequence sequence, int... tokens) {
        return forward(List.of(sequence), tokens, tokens.length)[0];
    }

    /// Appends one token to each of several different sequences.
    ///
    /// @return logits of what follows, one row per sequence
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the cache or the arena is full; all
    ///   sequences are unchanged then
    public float[][] decode(List<KvCache.Sequence> sequences, int... tokens) {
        return forward(sequences, tokens, 1);
    }

    private float[][] forward(List<KvCache.Sequence> sequences, int[] tokens, int perSequence) {
        int b = sequences.size();
        if (b < 1 || perSequence < 1 || tokens.length != b * perSequence) {
            throw new IllegalArgumentException(
                    tokens.length + " tokens for " + b + " sequences of " + perSequence);
        }
        int[] starts = new int[b];
        for (int i = 0; i < b; i++) {
            starts[i] = sequences.get(i).length();
            if (starts[i] + perSequence > maxLength()) {
                throw new IllegalArgumentException(
                        "sequence of "
                                + (starts[i] + perSequence)
                                + " tokens: the model can see "
                                + maxLength());
            }
        }
        boolean done = false;
        try {
            sequences.forEach(s -> s.extend(perSequence));
            float[][] rows = step.call(() -> logits(sequences, tokens, starts));
            done = true;
            return rows;
        } finally {
            for (int i = 0; i < b && !done; i++) {
                sequences.get(i).truncate(starts[i]);
            }
        }
    }

    private float[][] logits(List<KvCache.Sequence> sequences, int[] tokens, int[] starts) {
        int b = starts.length;
        int perSequence = tokens.length / b;
        int[] positions = new int[tokens.length];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = starts[i / perSequence] + i % perSequence;
        }
        int[] lengths = sequences.stream().mapToInt(KvCache.Sequence::length).toArray();
        int width = sequences.stream().mapToInt(KvCache.Sequence::held).max().orElseThrow();
        int[] table = new int[b * width];
        for (int i = 0; i < table.length; i++) {
            table[i] = sequences.get(i / width).page(i % width);
        }
        Tensor where = Tensor.of(step, Shape.of(b, perSequence), positions);
        Rotary rotary = model.rotary();
        KvPass pass =
                new KvPass(
                        rotary == null ? null : rotary.rows(where, perSequence, DType.F32),
                        cache,
                        Tensor.of(step, Shape.of(b, width), table),
                        Tensor.of(step, Shape.of(b), starts),
                        Tensor.of(step, Shape.of(b), lengths),
                        Arrays.stream(starts).allMatch(n -> n == 0));
        Tensor ids = Tensor.of(step, where.shape(), tokens);
        Tensor last = model.hidden(ids, where, pass, h -> {}).slice(1, perSequence - 1, 1);
        float[] all = model.project(last.reshape(b, -1)).toFloats();
        float[][] rows = new float[b][];
        for (int i = 0; i < b; i++) {
            rows[i] = Arrays.copyOfRange(all, i * (all.length / b), (i + 1) * (all.length / b));
        }
        return rows;
    }
}
