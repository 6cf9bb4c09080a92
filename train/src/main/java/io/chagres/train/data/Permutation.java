package io.chagres.train.data;

/// A pseudo-random order of the numbers 0 … size-1 that needs no memory: a Feistel network over the
/// next even number of bits, walked until it lands inside the range (cycle walking; Black and
/// Rogaway 2002).
///
/// @param size how many numbers, at least 1
/// @param key which of the orders
record Permutation(long size, long key) {
    private static final int ROUNDS = 6;

    Permutation {
        if (size < 1) {
            throw new IllegalArgumentException("a permutation needs a size >= 1, got " + size);
        }
    }

    /// The number at a place in the order.
    ///
    /// @param index the place, 0 … size-1
    long at(long index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException("index " + index + " of " + size);
        }
        int half = (65 - Long.numberOfLeadingZeros(size - 1)) / 2;
        long x = index;
        do {
            x = network(x, half);
        } while (x >= size);
        return x;
    }

    private long network(long x, int half) {
        long mask = (1L << half) - 1;
        long left = x >>> half;
        long right = x & mask;
        for (int round = 0; round < ROUNDS; round++) {
            long next = left ^ (Mixing.mix(key + round, right) & mask);
            left = right;
            right = next;
        }
        return left << half | right;
    }
}
