package io.chagres.train.data;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/// Cuts a dataset into sequences and hands them out in batches: endlessly and shuffled for
/// training, or once and in order for evaluation.
///
/// A sequence has T inputs and T targets from T + 1 consecutive ids. Which sequence comes when is a
/// pure function of the seed and the [Cursor]: parts take turns in proportion to their weights, and
/// each goes through its sequences in an order that is new in every pass. Not safe for use by
/// several threads.
public final class Batches implements BatchSource {
    private final TokenDataset dataset;
    private final List<TokenDataset.Part> parts;
    private final int sequenceLength;
    private final int batchSize;
    private final long seed;
    private final Mixture mixture;
    private final long epochLength;
    private final int[] scratch;
    private long drawn;

    /// Batches from the beginning.
    ///
    /// @param dataset the text
    /// @param sequenceLength ids in a sequence, T
    /// @param batchSize sequences in a batch, B
    /// @param seed which of the orders
    /// @throws DataException when the dataset is empty
    public Batches(TokenDataset dataset, int sequenceLength, int batchSize, long seed) {
        check(dataset, sequenceLength, batchSize);
        this.dataset = dataset;
        this.parts = dataset.parts().stream().filter(part -> part.targets() > 0).toList();
        this.sequenceLength = sequenceLength;
        this.batchSize = batchSize;
        this.seed = seed;
        this.mixture = new Mixture(parts.stream().mapToDouble(TokenDataset.Part::weight).toArray());
        this.epochLength = dataset.sequences(sequenceLength);
        this.scratch = new int[sequenceLength + 1];
    }

    private static void check(TokenDataset dataset, int sequenceLength, int batchSize) {
        if (sequenceLength < 1 || batchSize < 1) {
            throw new IllegalArgumentException(
                    "sequenceLength and batchSize must be >= 1, got %d and %d"
                            .formatted(sequenceLength, batchSize));
        }
        if (dataset.targets() == 0) {
            throw new DataException("there is no text to make batches of");
        }
    }

    /// Sequences in an epoch.
    public long epochLength() {
        return epochLength;
    }

    @Override
    public Cursor cursor() {
        return new Cursor(drawn / epochLength, drawn % epochLength);
    }

    /// Goes to a place that [#cursor] gave, under the same dataset, sequence length and seed.
    ///
    /// @throws IllegalArgumentException when the place does not exist in this dataset
    @Override
    public void seek(Cursor cursor) {
        if (cursor.position() >= epochLength) {
            throw new IllegalArgumentException(
                    "%s is not a place in a dataset of %d sequences: has the data changed?"
                            .formatted(cursor, epochLength));
        }
        drawn = Math.addExact(Math.multiplyExact(cursor.epoch(), epochLength), cursor.position());
    }

    @Override
    public Batch next() {
        var batch = new Batch(batchSize, sequenceLength);
        for (int row = 0; row < batchSize; row++) {
            int index = mixture.part(drawn);
            TokenDataset.Part part = parts.get(index);
            long turn = mixture.turnsBefore(drawn);
            long sequences = part.sequences(sequenceLength);
            long pass = turn / sequences;
            var order = new Permutation(sequences, Mixing.mix(Mixing.mix(seed, index), pass));
            batch.fill(row, dataset, part, order.at(turn % sequences), scratch);
            drawn++;
        }
        return batch;
    }

    /// Batches for an evaluation: the sequences of all parts in order, each once; the last batch
    /// may be smaller.
    ///
    /// @param dataset the text
    /// @param sequenceLength ids in a sequence
    /// @param batchSize sequences in a batch
    /// @param maxBatches 0 for all; otherwise at most so many, of sequences that are spread evenly
    ///   over the dataset and the same each time
    /// @throws DataException when the dataset is empty
    public static Iterable<Batch> inOrder(
            TokenDataset dataset, int sequenceLength, int batchSize, int maxBatches) {
        check(dataset, sequenceLength, batchSize);
        if (maxBatches < 0) {
            throw new IllegalArgumentException("maxBatches must be >= 0, got " + maxBatches);
        }
        long all = dataset.sequences(sequenceLength);
        long chosen = maxBatches == 0 ? all : Math.min(all, (long) maxBatches * batchSize);
        return () -> new InOrder(dataset, sequenceLength, batchSize, all, chosen);
    }

    private static final class InOrder implements Iterator<Batch> {
        private final TokenDataset dataset;
        private final int sequenceLength;
        private final int batchSize;
        private final long all;
        private final long chosen;
        private final int[] scratch;
        private long done;

        InOrder(TokenDataset dataset, int sequenceLength, int batchSize, long all, long chosen) {
            this.dataset = dataset;
            this.sequenceLength = sequenceLength;
            this.batchSize = batchSize;
            this.all = all;
            this.chosen = chosen;
            this.scratch = new int[sequenceLength + 1];
        }

        @Override
        public boolean hasNext() {
            return done < chosen;
        }

        @Override
        public Batch next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            int rows = (int) Math.min(batchSize, chosen - done);
            var batch = new Batch(rows, sequenceLength);
            for (int row = 0; row < rows; row++) {
                // chosen sequence i of n is number floor(i · all / n), without overflow
                long index = done * (all / chosen) + done * (all % chosen) / chosen;
                for (TokenDataset.Part part : dataset.parts()) {
                    long sequences = part.sequences(sequenceLength);
                    if (index < sequences) {
                        batch.fill(row, dataset, part, index, scratch);
                        break;
                    }
                    index -= sequences;
                }
                done++;
            }
            return batch;
        }
    }
}
