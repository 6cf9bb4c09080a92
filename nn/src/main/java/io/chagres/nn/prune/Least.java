package io.chagres.nn.prune;

import io.chagres.tensor.Tensor;
import java.util.List;

/// The k elements of least magnitude of some matrices: those below a bound, and the first ones that
/// lie at it. The bound is found by counting the upper halves of the bits, then the lower halves of
/// those that share the bound's upper half, so nothing is sorted or copied.
final class Least {
    private static final int HALF = 16;
    private static final int LOWER = (1 << HALF) - 1;

    private final int bound;
    private long atBound;

    private Least(int bound, long atBound) {
        this.bound = bound;
        this.atBound = atBound;
    }

    /// Finds the bound.
    ///
    /// @param k at most as many as there are elements
    static Least of(List<Tensor> matrices, long k) {
        if (k == 0) {
            return new Least(0, 0);
        }
        long[] upper = new long[1 << HALF];
        for (Tensor t : matrices) {
            for (float v : Matrices.values(t)) {
                upper[bits(v) >>> HALF]++;
            }
        }
        long left = k;
        int high = 0;
        while (left > upper[high]) {
            left -= upper[high++];
        }
        long[] lower = new long[1 << HALF];
        for (Tensor t : matrices) {
            for (float v : Matrices.values(t)) {
                if (bits(v) >>> HALF == high) {
                    lower[bits(v) & LOWER]++;
                }
            }
        }
        int low = 0;
        while (left > lower[low]) {
            left -= lower[low++];
        }
        return new Least(high << HALF | low, left);
    }

    /// Bits of |v|, which are ordered as the numbers are.
    private static int bits(float v) {
        return Float.floatToRawIntBits(v) & Integer.MAX_VALUE;
    }

    /// Whether an element is one of them; to be asked once for each, in the order of the matrices.
    boolean take(float v) {
        int bits = bits(v);
        if (bits == bound && atBound > 0) {
            atBound--;
            return true;
        }
        return bits < bound;
    }
}
