package io.chagres.train.data;

import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Batches of items for an evaluation, each once and in order.
final class Portions {
    private Portions() {}

    /// Batches of all items, or of some that are spread over them, the same each time.
    ///
    /// @param maxBatches 0 for all
    /// @throws DataException when there are no items
    static <T> Iterable<Batch> of(
            List<T> items, int batchSize, int maxBatches, Function<List<T>, Batch> batch) {
        int n = items.size();
        if (n == 0) {
            throw new DataException("there are no examples to make batches of");
        }
        int chosen = maxBatches == 0 ? n : (int) Math.min(n, (long) maxBatches * batchSize);
        return () -> {
            Iterator<Integer> firsts =
                    IntStream.iterate(0, i -> i < chosen, i -> i + batchSize).iterator();
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return firsts.hasNext();
                }

                @Override
                public Batch next() {
                    int first = firsts.next();
                    return batch.apply(
                            IntStream.range(first, Math.min(chosen, first + batchSize))
                                    .mapToObj(i -> items.get((int) ((long) i * n / chosen)))
                                    .toList());
                }
            };
        };
    }
}
