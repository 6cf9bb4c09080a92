package io.chagres.jmh;

import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.Arena;

/// Native memory for benchmarks, filled with small numbers that stay away from denormals.
final class Native implements AutoCloseable {
    private final Arena arena = Arena.ofShared();

    /// The address of `n` floats.
    long floats(long n) {
        long at = arena.allocate(4 * n + 64, 64).address();
        for (long i = 0; i < n; i++) {
            Lanes.ALL.set(Lanes.FLOAT, at + 4 * i, (i * 7919 % 2003 - 1001) / 1001f);
        }
        return at;
    }

    /// The address of `n` ints below `bound`.
    long ints(long n, int bound) {
        long at = arena.allocate(4 * n + 64, 64).address();
        for (long i = 0; i < n; i++) {
            Lanes.ALL.set(Lanes.INT, at + 4 * i, (int) (i * 7919 % bound));
        }
        return at;
    }

    /// The address of some bytes.
    long bytes(long n) {
        return arena.allocate(n + 64, 64).address();
    }

    @Override
    public void close() {
        arena.close();
    }
}
