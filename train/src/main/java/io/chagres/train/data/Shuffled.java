package io.chagres.train.data;

import java.util.List;

/// Items of several parts, endlessly and shuffled. Which comes when is a pure function of the seed
/// and the [Cursor]: parts take turns in proportion to their weights, and each goes through its
/// items in an order that is new in every pass. Not safe for use by several threads.
///
/// @param <T> what there is
final class Shuffled<T> {
    /// Some items.
    ///
    /// @param weight how often they are drawn from
    record Part<T>(double weight, List<T> items) {}

    private final List<Part<T>> parts;
    private final long seed;
    private final Mixture mixture;
    private final long epochLength;
    private long drawn;

    /// @throws DataException when there is nothing
    Shuffled(List<Part<T>> all, long seed) {
        this.parts = all.stream().filter(p -> !p.items().isEmpty()).toList();
        if (parts.isEmpty()) {
            throw new DataException("there are no examples to make batches of");
        }
        this.seed = seed;
        this.mixture = new Mixture(parts.stream().mapToDouble(Part::weight).toArray());
        this.epochLength = parts.stream().mapToLong(p -> p.items().size()).sum();
    }

    Cursor cursor() {
        return new Cursor(drawn / epochLength, drawn % epochLength);
    }

    void seek(Cursor cursor) {
        if (cursor.position() >= epochLength) {
            throw new IllegalArgumentException(
                    "%s is not a place in a set of %d examples: has the data changed?"
                            .formatted(cursor, epochLength));
        }
        drawn = Math.addExact(Math.multiplyExact(cursor.epoch(), epochLength), cursor.position());
    }

    /// The next item, which stays the next one.
    T peek() {
        int index = mixture.part(drawn);
        List<T> items = parts.get(index).items();
        long turn = mixture.turnsBefore(drawn);
        long pass = turn / items.size();
        var order = new Permutation(items.size(), Mixing.mix(Mixing.mix(seed, index), pass));
        return items.get((int) order.at(turn % items.size()));
    }

    /// The next item.
    T next() {
        T item = peek();
        drawn++;
        return item;
    }
}
