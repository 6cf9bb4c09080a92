package io.chagres.train.data;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Some sequences of equal length: token ids and, for each of them, the id that follows.
///
/// Arrays are row-major `[B][T]` and belong to the receiver. Where a part of the corpus ends inside
/// a sequence, the rest of it has the end-of-text id as input and [#IGNORE] as target.
public final class Batch {
    /// The target that losses leave out.
    public static final int IGNORE = -100;

    private final int size;
    private final int sequenceLength;
    private final int[] inputs;
    private final int[] targets;
    private final int[] domains;
    private final int[] validTargets;
    private final double[] bytes;
    private final @Nullable Packing packing;
    private final float @Nullable [] reference;

    /// Where sequences lie that share a row.
    ///
    /// @param positions place of each id in its sequence, `[T]`
    /// @param offsets where each sequence begins, and where the last one ends
    public record Packing(int[] positions, int[] offsets) {}

    Batch(int size, int sequenceLength) {
        this(size, sequenceLength, null, null);
    }

    private Batch(
            int size, int sequenceLength, @Nullable Packing packing, float @Nullable [] reference) {
        this.packing = packing;
        this.reference = reference;
        this.size = size;
        this.sequenceLength = sequenceLength;
        this.inputs = new int[Math.multiplyExact(size, sequenceLength)];
        this.targets = new int[inputs.length];
        this.domains = new int[size];
        this.validTargets = new int[size];
        this.bytes = new double[size];
    }

    /// Fills a row with sequence `index` of a part.
    void fill(int row, TokenDataset dataset, TokenDataset.Part part, long index, int[] scratch) {
        long first = index * sequenceLength;
        int valid = (int) Math.min(sequenceLength, part.targets() - first);
        dataset.read(part.offset() + first, scratch, 0, valid + 1);
        int at = row * sequenceLength;
        System.arraycopy(scratch, 0, inputs, at, valid);
        System.arraycopy(scratch, 1, targets, at, valid);
        for (int i = valid; i < sequenceLength; i++) {
            inputs[at + i] = dataset.eosId();
            targets[at + i] = IGNORE;
        }
        domains[row] = part.domain();
        validTargets[row] = valid;
        bytes[row] = valid * part.bytesPerToken();
    }

    /// Examples in a row each, filled up to the longest.
    ///
    /// @param filler the id that fills up; nothing is predicted there
    static Batch padded(List<Example> examples, int filler) {
        return padded(examples, filler, null);
    }

    /// Pairs of answers: all chosen ones in a row each, then all rejected ones.
    ///
    /// @param filler the id that fills up; nothing is predicted there
    static Batch preferences(List<Preference> pairs, int filler) {
        int n = pairs.size();
        List<Example> rows = new ArrayList<>();
        pairs.forEach(p -> rows.add(p.chosen()));
        pairs.forEach(p -> rows.add(p.rejected()));
        float[] known = new float[2 * n];
        boolean asked = true;
        for (int i = 0; i < n; i++) {
            Preference.Reference r = pairs.get(i).reference();
            asked &= r != null;
            known[i] = r == null ? 0 : r.chosen();
            known[n + i] = r == null ? 0 : r.rejected();
        }
        return padded(rows, filler, asked ? known : null);
    }

    private static Batch padded(List<Example> examples, int filler, float @Nullable [] reference) {
        int length = examples.stream().mapToInt(Example::targets).max().orElse(0);
        Batch batch = new Batch(examples.size(), length, null, reference);
        for (int row = 0; row < examples.size(); row++) {
            Example e = examples.get(row);
            int at = row * length;
            batch.put(row, at, e);
            for (int i = at + e.targets(); i < at + length; i++) {
                batch.inputs[i] = filler;
                batch.targets[i] = IGNORE;
            }
            batch.domains[row] = e.domain();
        }
        return batch;
    }

    /// Examples one after the other in a single row.
    static Batch packed(List<Example> examples) {
        int length = examples.stream().mapToInt(Example::targets).sum();
        int[] positions = new int[length];
        int[] offsets = new int[examples.size() + 1];
        for (int n = 0; n < examples.size(); n++) {
            offsets[n + 1] = offsets[n] + examples.get(n).targets();
            for (int i = offsets[n]; i < offsets[n + 1]; i++) {
                positions[i] = i - offsets[n];
            }
        }
        Batch batch = new Batch(1, length, new Packing(positions, offsets), null);
        for (int n = 0; n < examples.size(); n++) {
            batch.put(0, offsets[n], examples.get(n));
        }
        batch.domains[0] = examples.getFirst().domain();
        return batch;
    }

    private void put(int row, int at, Example e) {
        int[] ids = e.ids();
        for (int i = 0; i < e.targets(); i++) {
            inputs[at + i] = ids[i];
            targets[at + i] = e.wanted()[i + 1] ? ids[i + 1] : IGNORE;
        }
        validTargets[row] += e.valid();
        bytes[row] += e.bytes();
    }

    /// How sequences share a row; null where each has its own.
    public @Nullable Packing packing() {
        return packing;
    }

    /// Log-probability of each row's targets by a reference model, where one was asked beforehand;
    /// else null.
    public float @Nullable [] reference() {
        return reference;
    }

    /// Number of rows, B.
    public int size() {
        return size;
    }

    /// Number of ids in each, T.
    public int sequenceLength() {
        return sequenceLength;
    }

    /// Input ids, `[B][T]`.
    public int[] inputs() {
        return inputs;
    }

    /// The ids to predict, `[B][T]`, or [#IGNORE].
    public int[] targets() {
        return targets;
    }

    /// The index of the domain of a sequence.
    public int domain(int row) {
        return domains[row];
    }

    /// Number of targets of a sequence that are not [#IGNORE].
    public int validTargets(int row) {
        return validTargets[row];
    }

    /// Number of targets in the batch that are not [#IGNORE].
    public int validTargets() {
        int sum = 0;
        for (int valid : validTargets) {
            sum += valid;
        }
        return sum;
    }

    /// UTF-8 bytes of text that the valid targets of a sequence stand for: their number times the
    /// mean over the part of the corpus they are from. Summed over all sequences of a dataset it is
    /// the exact size of its text.
    public double bytes(int row) {
        return bytes[row];
    }
}
