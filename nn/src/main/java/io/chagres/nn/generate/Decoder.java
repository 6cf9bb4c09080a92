package io.chagres.nn.generate;

import io.chagres.autograd.Autocast;
import io.chagres.nn.transformer.Prefix;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
    private final @Nullable DraftHead head;

    /// What a pass hands on.
    ///
    /// @param prompt whether the tokens follow each other, so that the draft head may see them
    /// @param rows of how many of the newest tokens of each sequence logits are wanted
    /// @param drafts what each sequence's draft keeps hidden states in, where it has one
    /// @param receiver takes logits, sequence by sequence
    private record Wanted(
            boolean prompt, int rows, List<@Nullable Draft> drafts, Receiver receiver) {}

    /// Creates a decoder that computes in F32.
    ///
    /// @param step arena for one forward pass, reset after each
    public Decoder(Transformer model, TensorArena step, KvCache cache) {
        this(model, step, cache, DType.F32);
    }

    /// Creates a decoder.
    ///
    /// @param step arena for one forward pass, reset after each
    /// @param cache for the model's layers; with one more, tokens can be guessed by the model's
    ///   first module of multi-token prediction
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
        boolean drafts = cache.layerCount() > model.config().numLayers();
        this.head = drafts ? new DraftHead(model, step, cache, row) : null;
    }

    /// Whether tokens can be guessed.
    boolean drafts() {
        return head != null;
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
        prefill(sequence, tokens, null, receiver);
    }

    /// [#prefill(KvCache.Sequence, int\[\], Receiver)], and lets the draft head see the tokens.
    void prefill(
            KvCache.Sequence sequence, int[] tokens, @Nullable Draft draft, Receiver receiver) {
        Wanted wanted = new Wanted(true, 1, Collections.singletonList(draft), receiver);
        forward(List.of(sequence), tokens, tokens.length, wanted);
    }

    /// Appends tokens to a sequence without asking what follows: the first part of a long prompt.
    ///
    /// @throws io.chagres.tensor.memory.BudgetExceeded when the cache or the arena is full; the
    ///   sequence is unchanged then
    public void append(KvCache.Sequence sequence, int... tokens) {
        append(sequence, tokens, null);
    }

    /// [#append(KvCache.Sequence, int...)], and lets the draft head see the tokens.
    void append(KvCache.Sequence sequence, int[] tokens, @Nullable Draft draft) {
        Wanted wanted = new Wanted(true, 0, Collections.singletonList(draft), (i, logits) -> {});
        forward(List.of(sequence), tokens, tokens.length, wanted);
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
        decode(sequences, tokens, Collections.nCopies(sequences.size(), null), receiver);
    }

    /// Appends one token or several to each of several different sequences, and hands on the logits
    /// of what follows each, numbered sequence by sequence. The receiver may truncate a sequence.
    ///
    /// @param drafts keep the hidden states, where a sequence has one
    void decode(
            List<KvCache.Sequence> sequences,
            int[] tokens,
            List<@Nullable Draft> drafts,
            Receiver receiver) {
        int each = tokens.length / Math.max(1, sequences.size());
        forward(sequences, tokens, each, new Wanted(false, each, drafts, receiver));
    }

    /// Lets the draft head see the newest tokens of several sequences, as many of each, and guess.
    ///
    /// @param next what follows each of these tokens, sequence by sequence
    void guess(List<KvCache.Sequence> sequences, List<Draft> drafts, int[] next) {
        DraftHead guesser = head;
        if (guesser == null) {
            throw new IllegalStateException("the cache has no layer for a draft head");
        }
        guesser.guess(sequences, drafts, next);
    }

    private void forward(
            List<KvCache.Sequence> sequences, int[] tokens, int perSequence, Wanted wanted) {
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
                Tensor rows =
                        compute == DType.BF16 && perSequence >= KvPass.MANY
                                ? Autocast.to(
                                        compute, () -> rows(sequences, tokens, starts, wanted))
                                : rows(sequences, tokens, starts, wanted);
                Tensor logits = wanted.rows() > 0 ? model.project(rows) : rows;
                done[0] = true;
                for (int i = 0; i < b * wanted.rows(); i++) {
                    TensorData.read(logits.slice(0, i, 1), row);
                    wanted.receiver().accept(i, row);
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

    /// Hidden states of the last tokens of each sequence, (B · rows, hidden), at least one.
    private Tensor rows(
            List<KvCache.Sequence> sequences, int[] tokens, int[] starts, Wanted wanted) {
        int b = starts.length;
        int n = tokens.length / b;
        KvPass pass = KvPass.of(model, cache, step, sequences, starts, n);
        Tensor ids = Tensor.of(step, Shape.of(b, n), tokens);
        Tensor hidden = model.hidden(ids, pass.positions(), pass, h -> {});
        for (int i = 0; i < b; i++) {
            Draft draft = wanted.drafts().get(i);
            DraftHead guesser = head;
            if (draft == null || guesser == null) {
                continue;
            }
            if (wanted.prompt()) {
                guesser.follow(sequences.get(i), draft, starts[i], tokens, hidden);
            } else {
                draft.keep(hidden.slice(0, i, 1));
            }
        }
        int last = Math.max(1, wanted.rows());
        return hidden.slice(1, n - last, last).reshape((long) b * last, -1);
    }
}
