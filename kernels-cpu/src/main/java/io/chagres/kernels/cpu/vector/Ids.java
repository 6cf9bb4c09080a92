package io.chagres.kernels.cpu.vector;

import java.lang.foreign.ValueLayout;

/// Reading and writing of ids (tokens, positions, targets), which are I32 or I64.
public final class Ids {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private Ids() {}

    /// Element `index` of an array of ids of `idBytes` bytes each: 4 or 8, or 0 for the array 0, 1,
    /// 2, … that need not be stored.
    public static long at(long ids, int idBytes, long index) {
        if (idBytes == 0) {
            return index;
        }
        return idBytes == 4
                ? Lanes.ALL.get(Lanes.INT, ids + 4 * index)
                : Lanes.ALL.get(LONG, ids + 8 * index);
    }

    /// Sets element `index` of an array of I64 ids.
    public static void set(long ids, long index, long value) {
        Lanes.ALL.set(LONG, ids + 8 * index, value);
    }
}
