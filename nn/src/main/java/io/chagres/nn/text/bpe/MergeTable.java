package io.chagres.nn.text.bpe;

import java.util.Arrays;

/// The merges of a byte-pair encoding: (left id, right id) → (rank, id of the result). One open
/// hash table, key and value side by side, so that a look-up touches one cache line.
final class MergeTable {
    /// What [#find] returns for a pair that does not merge; larger than every merge.
    static final long NONE = Long.MAX_VALUE;

    private static final long EMPTY = -1;

    private final long[] table;
    private final int shift;

    /// A table of merges in order; of equal pairs the last one counts.
    ///
    /// @param left left ids by rank
    /// @param right right ids by rank
    /// @param result ids of the results by rank
    MergeTable(int[] left, int[] right, int[] result) {
        int slots = Integer.highestOneBit(Math.max(8, left.length * 2 - 1)) * 2;
        table = new long[slots * 2];
        Arrays.fill(table, EMPTY);
        shift = 64 - Integer.numberOfTrailingZeros(slots);
        for (int rank = 0; rank < left.length; rank++) {
            long key = key(left[rank], right[rank]);
            int at = slot(key);
            while (table[at] != EMPTY && table[at] != key) {
                at = at + 2 & table.length - 1;
            }
            table[at] = key;
            table[at + 1] = (long) rank << 32 | result[rank];
        }
    }

    /// The merge of two neighbours as `rank << 32 | result`, so that the smaller comes first; or
    /// [#NONE].
    long find(int left, int right) {
        long key = key(left, right);
        int at = slot(key);
        while (true) {
            long found = table[at];
            if (found == key) {
                return table[at + 1];
            }
            if (found == EMPTY) {
                return NONE;
            }
            at = at + 2 & table.length - 1;
        }
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }

    private int slot(long key) {
        return (int) ((key * 0x9E3779B97F4A7C15L) >>> shift) << 1;
    }
}
