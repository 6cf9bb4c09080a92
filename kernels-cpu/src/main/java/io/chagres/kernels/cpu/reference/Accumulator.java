package io.chagres.kernels.cpu.reference;

import java.util.Arrays;

/// Sums in an array: doubles for floats, longs for whole numbers; rounded once, when stored.
final class Accumulator {
    private final boolean real;
    private final double[] reals;
    private final long[] wholes;
    private final double[] realRun = new double[Walk.CHUNK];
    private final long[] wholeRun = new long[Walk.CHUNK];

    /// Sums for elements like those of `like`, all zero.
    Accumulator(Cells like, long size) {
        real = like.isFloat();
        int n = Math.toIntExact(size);
        reals = new double[real ? n : 0];
        wholes = new long[real ? 0 : n];
    }

    void clear() {
        Arrays.fill(reals, 0);
        Arrays.fill(wholes, 0);
    }

    /// Adds a run of elements to the sums at `to`, `to + toStep`, …
    void add(Cells x, long at, long step, int n, long to, long toStep) {
        int p = (int) to;
        int s = (int) toStep;
        if (real) {
            x.load(at, step, n, realRun);
            for (int i = 0; i < n; i++, p += s) {
                reals[p] += realRun[i];
            }
        } else {
            x.load(at, step, n, wholeRun);
            for (int i = 0; i < n; i++, p += s) {
                wholes[p] += wholeRun[i];
            }
        }
    }

    /// Stores the first `n` sums.
    void store(Cells y, long at, long step, int n) {
        if (real) {
            y.store(at, step, n, reals);
        } else {
            y.store(at, step, n, wholes);
        }
    }
}
