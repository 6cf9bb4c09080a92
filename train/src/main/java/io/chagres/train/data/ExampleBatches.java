package io.chagres.train.data;

import java.util.ArrayList;
import java.util.List;

/// Batches of examples, endlessly and [shuffled][Shuffled]: a fixed number of them in a row each,
/// or as many as fit one after the other into a single row. Not safe for use by several threads.
final class ExampleBatches implements BatchSource {
    private final Shuffled<Example> examples;
    private final int rowTokens;
    private final int batchSize;
    private final int filler;

    /// @param rowTokens most tokens in a row that examples share; 0 for a row each
    ExampleBatches(Shuffled<Example> examples, int rowTokens, int batchSize, int filler) {
        this.examples = examples;
        this.rowTokens = rowTokens;
        this.batchSize = batchSize;
        this.filler = filler;
    }

    @Override
    public Cursor cursor() {
        return examples.cursor();
    }

    @Override
    public void seek(Cursor cursor) {
        examples.seek(cursor);
    }

    @Override
    public Batch next() {
        List<Example> chosen = new ArrayList<>();
        int tokens = 0;
        while (rowTokens > 0 || chosen.size() < batchSize) {
            tokens += examples.peek().targets();
            if (rowTokens > 0 && tokens > rowTokens && !chosen.isEmpty()) {
                break;
            }
            chosen.add(examples.next());
        }
        return rowTokens > 0 ? Batch.packed(chosen) : Batch.padded(chosen, filler);
    }
}
