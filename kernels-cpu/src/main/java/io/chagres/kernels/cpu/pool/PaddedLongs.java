package io.chagres.kernels.cpu.pool;

import java.util.concurrent.atomic.AtomicLongArray;

/// Volatile longs that each own two cache lines, so that a thread spinning on one is not disturbed
/// by writes to another (two, because processors prefetch lines in pairs).
final class PaddedLongs {
    private static final int STRIDE = 16;

    private final AtomicLongArray values;

    PaddedLongs(int count) {
        values = new AtomicLongArray((count + 1) * STRIDE);
    }

    long get(int i) {
        return values.get((i + 1) * STRIDE);
    }

    void set(int i, long value) {
        values.set((i + 1) * STRIDE, value);
    }

    long getAndIncrement(int i) {
        return values.getAndIncrement((i + 1) * STRIDE);
    }
}
