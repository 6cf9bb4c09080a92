package io.chagres.nn.generate;

import io.chagres.nn.transformer.Rotary;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
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

    /// Appends tokens to a sequence.
    ///
    /// @return logits of what follows the last token
    public float[] prefill(KvCache.Sequence sequence, int... tokens) {
        return forward(List.of(sequence), tokens, tokens.length)[0];
    }

    /// Appends one token to each of several sequences.
    ///
    /// @return logits of what follows, one row per sequence
    public float[][] decode(List<KvCache.Sequence> sequences, int... tokens) {
        return forward(sequences, tokens, 1);
    }

    private float[][] forward(List<KvCache.Sequence> sequences, int[] tokens, int perSequence) {
        int b = sequences.size();
        if (perSequence < 1 || tokens.length != b * perSequence) {
            throw new IllegalArgumentException(
                    tokens.length + " tokens for " + b + " sequences of " + perSequence);
        }
        int[] starts = new int[b];
        int[] lengths = new int[b];
        int[] positions = new int[tokens.length];
        boolean fresh = true;
        int pages = 1;
        for (int i = 0; i < b; i++) {
            KvCache.Sequence s = sequences.get(i);
            starts[i] = s.length();
            if (starts[i] + perSequence > maxLength()) {
                throw new IllegalArgumentException(
                        "sequence of " + (starts[i] + perSequence)
                                + " tokens: the model can see " + maxLength());
            }
            s.extend(perSequence);
            fresh &= starts[i] == 0;
            lengths[i] = s.length();
            pages = Math.max(pages, s.held());
            for (int t = 0; t < perSequence; t++) {
                positions[i * perSequence + t] = starts[i] + t;
            }
        }
        int[] table = new int[b * pages];
        for (int i = 0; i < table.length; i++) {
            table[i] = sequences.get(i / pages).page(i % pages);
        }
        boolean allFresh = fresh;
        int width = pages;
        return step.call(
                () -> {
                    Shape ids = Shape.of(b, perSequence);
                    Tensor where = Tensor.of(step, ids, positions);
                    Rotary rotary = model.rotary();
                    KvPass pass =
                            new KvPass(
                                    rotary == null
                                            ? null
                                            : rotary.rows(where, perSequence, DType.F32),
                                    cache,
                                    Tensor.of(step, Shape.of(b, width), table),
                                    Tensor.of(step, Shape.of(b), starts),
                                    Tensor.of(step, Shape.of(b), lengths),
                                    allFresh);
                    Tensor h = model.hidden(Tensor.of(step, ids, tokens), where, pass, x -> {});
                    Tensor last = h.slice(1, perSequence - 1, 1).reshape(b, -1);
                    float[] all = model.project(last).toFloats();
                    float[][] rows = new float[b][all.length / b];
                    for (int i = 0; i < b; i++) {
                        System.arraycopy(all, i * rows[i].length, rows[i], 0, rows[i].length);
                    }
                    return rows;
                });
    }
}
