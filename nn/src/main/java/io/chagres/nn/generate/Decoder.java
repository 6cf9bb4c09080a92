package io.chagres.nn.generate;

import io.chagres.autograd.Autocast;
import io.chagres.nn.transformer.Prefix;
import io.chagres.nn.transformer.Rotary;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.List;

/// Runs a model token by token over a KV cache. Used by one thread at a time.
///
/// **Precision.** In F32, weights stored as BF16 or F16 count as if they were widened. In BF16 the
/// products and the attention of a prompt (of 16 tokens or more at once) round what they take and
/// give to BF16, under [Autocast], where processors multiply it faster. Fewer tokens, and so all
/// that are written one by one, read BF16 weights at the same speed whatever the activations are,
/// which therefore stay F32; so do logits.
public final class Decoder {
    /// Takes the logits that follow each sequence.
    @FunctionalInterface
    public interface Receiver {
        /// Takes those of one sequence. The array is used again for the next one; it may be
        /// changed.
        void accept(int sequence, float[] logits);
    }

    private static final int[] NONE = {};

    private final Transformer model;
    private final TensorArena step;
    private final KvCache cache;
    private final DType compute;
    private final float[] row;

    /// Creates a decoder that computes in F32.
    ///
    /// @param step arena for one forward pass, reset after each
    public Decoder(Transformer model, TensorArena step, KvCache cache) {
        this(model, step, cache, DType.F32);
    }

    /// Creates a decoder.
    ///
    /// @param step arena for one forward pass, reset after each
    /// @param compute F32 or BF16; with BF16, matrices should be stored as that
    /// @throws IllegalArgumentException for another dtype
    public Decoder(Transformer model, TensorArena step, KvCache cache, DType compute) {
        if (compute != DType.F32 && compute != DType.BF16) {
            throw new IllegalArgumentException("decoding in " + compute + ": F32 or BF16 wanted");
        }
        this.model = model;
        this.compute = compute;
        this.step = step;
        this.cache = cache;
        this.row = new float[model.config().vocabSize()];
    }

    /// The cache sequences are opened in.
    public KvCache cache() {
        return cache;
    }

    /// Most tokens a sequence can have behind the model's prefix.
    public int maxLength() {
        return model.config().maxPositionEmbeddings() - prefixTokens();
    }

    /// Tokens of the cache that the model's prefix takes in each sequence; 0 without one.
    public int prefixTokens() {
        Prefix prefix = model.prefix();
        return prefix == null ? 0 : prefix.tokens();
    }

    /// Number of logits.
    public int vocabSize() {
        return row.length;
    }

    /// Appends tokens to a sequence, which may have some already.
    ///
    /// @return logits of what follows the last token
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the cache or the arena is full; the
    ///   sequence is unchanged then
    public float[] prefill(KvCache.Sequence sequence, int... tokens) {
        float[][] rows = new float[1][];
        prefill(sequence, tokens, (i, logits) -> rows[i] = logits.clone());
        return rows[0];
    }

    /// Appends tokens to a sequence, which may have some already, and hands on the logits of what
    /// follows the last one.
    ///
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the cache or the arena is full; the
    ///   sequence is unchanged then
    public void prefill(KvCache.Sequence sequence, int[] tokens, Receiver receiver) {
        forward(List.of(sequence), tokens, tokens.length, receiver, true);
    }

    /// Appends tokens to a sequence without asking what follows: the first part of a long prompt.
    ///
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the cache or the arena is full; the
    ///   sequence is unchanged then
    public void append(KvCache.Sequence sequence, int... tokens) {
        forward(List.of(sequence), tokens, tokens.length, (i, logits) -> {}, false);
    }

    /// Appends one token to each of several different sequences.
    ///
    /// @return logits of what follows, one row per sequence
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the cache or the arena is full; all
    ///   sequences are unchanged then
    public float[][] decode(List<KvCache.Sequence> sequences, int... tokens) {
        float[][] rows = new float[sequences.size()][];
        decode(sequences, tokens, (i, logits) -> rows[i] = logits.clone());
        return rows;
    }

    /// Appends one token to each of several different sequences, and hands on the logits of what
    /// follows.
    ///
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the cache or the arena is full; all
    ///   sequences are unchanged then
    public void decode(List<KvCache.Sequence> sequences, int[] tokens, Receiver receiver) {
        forward(sequences, tokens, 1, receiver, true);
    }

    private void forward(
            List<KvCache.Sequence> sequences,
            int[] tokens,
            int perSequence,
            Receiver receiver,
            boolean project) {
        int b = sequences.size();
        if (b < 1 || perSequence < 1 || tokens.length != b * perSequence) {
            throw new IllegalArgumentException(
                    tokens.length + " tokens for " + b + " sequences of " + perSequence);
        }
        int[] starts = new int[b];
        for (int i = 0; i < b; i++) {
            beginWithPrefix(sequences.get(i));
            starts[i] = sequences.get(i).length();
            int tokensThen = starts[i] + perSequence - prefixTokens();
            if (tokensThen > maxLength()) {
                throw new IllegalArgumentException(
                        "sequence of " + tokensThen + " tokens: the model can see " + maxLength());
            }
        }
        boolean[] done = {false};
        try {
            sequences.forEach(s -> s.extend(perSequence));
            step.call(() -> {
                Tensor hidden =
                        compute == DType.BF16 && perSequence >= KvPass.MANY
                                ? Autocast.to(compute, () -> hidden(sequences, tokens, starts))
                                : hidden(sequences, tokens, starts);
                Tensor logits = project ? model.project(hidden) : hidden;
                done[0] = true;
                for (int i = 0; i < b && project; i++) {
                    TensorData.read(logits.slice(0, i, 1), row);
                    receiver.accept(i, row);
                }
                return NONE;
            });
        } finally {
            for (int i = 0; i < b && !done[0]; i++) {
                sequences.get(i).truncate(starts[i]);
            }
        }
    }

    /// Puts the model's prefix into a sequence that has nothing yet.
    private void beginWithPrefix(KvCache.Sequence sequence) {
        Prefix prefix = model.prefix();
        if (prefix == null || sequence.length() > 0) {
            return;
        }
        sequence.extend(prefix.tokens());
        boolean[] done = {false};
        try {
            step.call(() -> {
                int[] pages = new int[KvCache.pagesFor(prefix.tokens())];
                for (int i = 0; i < pages.length; i++) {
                    pages[i] = sequence.page(i);
                }
                Tensor table = Tensor.of(step, Shape.of(1, pages.length), pages);
                Tensor start = Tensor.of(step, Shape.of(1), 0);
                KvPass.appendPrefix(prefix, model.config().numLayers(), cache, table, start);
                done[0] = true;
                return NONE;
            });
        } finally {
            if (!done[0]) {
                sequence.truncate(0);
            }
        }
    }

    /// Hidden states of the last tokens, (B, hidden).
    private Tensor hidden(List<KvCache.Sequence> sequences, int[] tokens, int[] starts) {
        int b = starts.length;
        int perSequence = tokens.length / b;
        int[] positions = new int[tokens.length];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = starts[i / perSequence] + i % perSequence;
        }
        int[] lengths = new int[b];
        int longest = 0;
        for (int i = 0; i < b; i++) {
            lengths[i] = starts[i] + perSequence;
            longest = Math.max(longest, lengths[i]);
        }
        int width = KvCache.pagesFor(longest);
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
                        longest);
        Tensor ids = Tensor.of(step, where.shape(), tokens);
        Tensor last = model.hidden(ids, where, pass, h -> {}).slice(1, perSequence - 1, 1);
        return last.reshape(b, -1);
    }
}
