package io.chagres.train.data;

/// Some sequences of equal length: token ids and, for each of them, the id that follows.
///
/// Arrays are row-major [B][T] and belong to the receiver. Where a part of the corpus ends inside a
/// sequence, the rest of it has the end-of-text id as input and [#IGNORE] as target.
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

    Batch(int size, int sequenceLength) {
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

    /// Number of sequences, B.
    public int size() {
        return size;
    }

    /// Number of ids in each, T.
    public int sequenceLength() {
        return sequenceLength;
    }

    /// Input ids, [B][T].
    public int[] inputs() {
        return inputs;
    }

    /// The ids to predict, [B][T], or [#IGNORE].
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
