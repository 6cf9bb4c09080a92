package io.chagres.train.eval;

import io.chagres.autograd.Autocast;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.transformer.Prefix;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.IndexSelect;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// How probable a model finds texts that continue others.
///
/// The prompt of several continuations is run once where their tokens allow it, which they always
/// do when each is one token; prompts of similar length are run together; and logits are computed
/// only where a continuation needs them. Used by one thread at a time.
public final class ContinuationScorer {
    /// A prompt and what may follow.
    ///
    /// @param prompt tokens, one at least
    /// @param continuations tokens of each, one at least
    public record Item(int[] prompt, List<int[]> continuations) {
        /// Checks that nothing is empty.
        public Item {
            continuations = List.copyOf(continuations);
            if (prompt.length == 0 || continuations.stream().anyMatch(c -> c.length == 0)) {
                throw new IllegalArgumentException(
                        "a prompt and its continuations need a token each");
            }
        }

        /// Tokens of a whole text: all but the first continue it.
        ///
        /// @throws IllegalArgumentException when there are fewer than two
        public static Item whole(int[] text) {
            if (text.length < 2) {
                throw new IllegalArgumentException("a text of one token has nothing to predict");
            }
            return new Item(new int[] {text[0]}, List.of(Arrays.copyOfRange(text, 1, text.length)));
        }
    }

    /// Tokens to run, with the targets to find in them.
    private record Row(int[] ids, List<Target> targets) {}

    /// A token that is looked for after a position.
    ///
    /// @param item index of the item
    /// @param continuation its index there
    private record Target(int position, int token, int item, int continuation) {}

    private final Transformer model;
    private final TensorArena step;
    private final DType compute;
    private final int batchTokens;

    /// A scorer.
    ///
    /// @param step arena for a forward pass, reset after each batch
    /// @param compute F32, or a dtype for [Autocast]
    /// @param batchTokens most tokens in a batch, unless a single row has more
    public ContinuationScorer(Transformer model, TensorArena step, DType compute, int batchTokens) {
        this.model = model;
        this.step = step;
        this.compute = compute;
        this.batchTokens = batchTokens;
    }

    /// Most tokens of a prompt and a continuation together: the last one is not seen.
    public int maxLength() {
        Prefix prefix = model.prefix();
        int before = prefix == null ? 0 : prefix.tokens();
        return model.config().maxPositionEmbeddings() - before + 1;
    }

    /// Log-probabilities of continuations, in nats.
    ///
    /// @param done told how many items' rows have been run, as a share of 1,000
    /// @return for each item those of its continuations, summed over tokens
    /// @throws IllegalArgumentException when a prompt with a continuation has more than
    ///   [#maxLength] tokens
    public List<double[]> score(List<Item> items, IntConsumer done) {
        List<double[]> scores = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            scores.add(new double[items.get(i).continuations().size()]);
            rows.addAll(rows(items.get(i), i));
        }
        rows.sort(Comparator.comparingInt((Row r) -> r.ids.length).reversed());
        // what hashing sees depends on later tokens too, so there rows are not filled up
        boolean fills = !(model.config().attention() instanceof AttentionKind.Hashed);
        int at = 0;
        while (at < rows.size()) {
            int length = rows.get(at).ids.length;
            int end = Math.min(rows.size(), at + Math.max(1, batchTokens / length));
            while (!fills && rows.get(end - 1).ids.length < length) {
                end--;
            }
            run(rows.subList(at, end), length, scores);
            at = end;
            done.accept((int) (1000L * at / rows.size()));
        }
        return scores;
    }

    /// The rows of an item. A continuation whose tokens but the last are the beginning of another
    /// one's shares its row.
    private List<Row> rows(Item item, int index) {
        List<Integer> longestFirst = new ArrayList<>();
        for (int c = 0; c < item.continuations().size(); c++) {
            longestFirst.add(c);
        }
        longestFirst.sort(
                Comparator.comparingInt((Integer c) -> item.continuations().get(c).length)
                        .reversed());
        int known = item.prompt().length;
        List<Row> rows = new ArrayList<>();
        for (int c : longestFirst) {
            int[] wanted = item.continuations().get(c);
            if (known + wanted.length > maxLength()) {
                throw new IllegalArgumentException(
                        "a prompt of %d tokens and a continuation of %d are more than the %d the"
                                        .formatted(known, wanted.length, maxLength() - 1)
                                + " model can see");
            }
            Row row = find(rows, known, wanted);
            if (row == null) {
                int[] ids = Arrays.copyOf(item.prompt(), known + wanted.length - 1);
                System.arraycopy(wanted, 0, ids, known, wanted.length - 1);
                row = new Row(ids, new ArrayList<>());
                rows.add(row);
            }
            for (int t = 0; t < wanted.length; t++) {
                row.targets.add(new Target(known - 1 + t, wanted[t], index, c));
            }
        }
        return rows;
    }

    private static @Nullable Row find(List<Row> rows, int known, int[] wanted) {
        for (Row row : rows) {
            int n = wanted.length - 1;
            if (Arrays.equals(row.ids, known, known + n, wanted, 0, n)) {
                return row;
            }
        }
        return null;
    }

    private void run(List<Row> rows, int length, List<double[]> scores) {
        int[] ids = new int[rows.size() * length]; // what fills up is never looked at
        List<Target> targets = new ArrayList<>();
        List<Integer> positions = new ArrayList<>();
        for (int r = 0; r < rows.size(); r++) {
            int start = r * length;
            System.arraycopy(rows.get(r).ids, 0, ids, start, rows.get(r).ids.length);
            for (Target target : rows.get(r).targets) {
                targets.add(target);
                positions.add(start + target.position);
            }
        }
        Shape shape = Shape.of(rows.size(), length);
        int[] at = positions.stream().mapToInt(i -> i).toArray();
        int[] tokens = targets.stream().mapToInt(Target::token).toArray();
        float[] losses =
                step.call(() ->
                        compute == DType.F32
                                ? losses(shape, ids, at, tokens)
                                : Autocast.to(compute, () -> losses(shape, ids, at, tokens)));
        for (int i = 0; i < losses.length; i++) {
            Target target = targets.get(i);
            scores.get(target.item)[target.continuation] -= losses[i];
        }
    }

    private float[] losses(Shape shape, int[] ids, int[] at, int[] tokens) {
        Tensor input = Tensor.of(step, shape, ids);
        Tensor hidden = model.hidden(Transformer.Input.of(input), h -> {});
        Tensor rows = hidden.reshape(shape.dim(0) * shape.dim(1), hidden.shape().last());
        Shape chosen = Shape.of(at.length);
        Tensor needed = IndexSelect.indexSelect(rows, Tensor.of(step, chosen, at));
        Tensor logits = model.project(needed);
        return CausalLoss.perToken(logits, Tensor.of(step, chosen, tokens), 0).toFloats();
    }
}
