package io.chagres.train.data;

import java.util.ArrayList;
import java.util.List;

/// Batches of examples, endlessly and shuffled: a fixed number of them in a row each, or as many as
/// fit one after the other into a single row.
///
/// Which example comes when is a pure function of the seed and the [Cursor]: parts take turns in
/// proportion to their weights, and each goes through its examples in an order that is new in every
/// pass. Not safe for use by several threads.
final class ExampleBatches implements BatchSource {
    private final List<ExampleCorpus.Part> parts;
    private final int rowTokens;
    private final int batchSize;
    private final int filler;
    private final long seed;
    private final Mixture mixture;
    private final long epochLength;
    private long drawn;

    /// @param rowTokens most tokens in a row that examples share; 0 for a row each
    /// @throws DataException when there are no examples
    ExampleBatches(
            List<ExampleCorpus.Part> parts, int rowTokens, int batchSize, int filler, long seed) {
        if (parts.isEmpty()) {
            throw new DataException("there are no examples to make batches of");
        }
        this.parts = parts;
        this.rowTokens = rowTokens;
        this.batchSize = batchSize;
        this.filler = filler;
        this.seed = seed;
        this.mixture =
                new Mixture(parts.stream().mapToDouble(ExampleCorpus.Part::weight).toArray());
        this.epochLength = parts.stream().mapToLong(p -> p.train().size()).sum();
    }

    @Override
    public Cursor cursor() {
        return new Cursor(drawn / epochLength, drawn % epochLength);
    }

    @Override
    public void seek(Cursor cursor) {
        if (cursor.position() >= epochLength) {
            throw new IllegalArgumentException(
                    "%s is not a place in a set of %d examples: has the data changed?"
                            .formatted(cursor, epochLength));
        }
        drawn = Math.addExact(Math.multiplyExact(cursor.epoch(), epochLength), cursor.position());
    }

    @Override
    public Batch next() {
        List<Example> chosen = new ArrayList<>();
        int tokens = 0;
        while (rowTokens > 0 || chosen.size() < batchSize) {
            Example example = at(drawn);
            tokens += example.targets();
            if (rowTokens > 0 && tokens > rowTokens && !chosen.isEmpty()) {
                break;
            }
            chosen.add(example);
            drawn++;
        }
        return rowTokens > 0 ? Batch.packed(chosen) : Batch.padded(chosen, filler);
    }

    private Example at(long draw) {
        int index = mixture.part(draw);
        List<Example> examples = parts.get(index).train();
        long turn = mixture.turnsBefore(draw);
        long pass = turn / examples.size();
        var order = new Permutation(examples.size(), Mixing.mix(Mixing.mix(seed, index), pass));
        return examples.get((int) order.at(turn % examples.size()));
    }
}
