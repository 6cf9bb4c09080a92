package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.DType;

/// Primitives that look for large elements. NaN counts as larger than every number, so it is not
/// lost; the two zeros are equal.
final class Order {
    private Order() {}

    static void max(int axis, Cells x, Cells y) {
        Keys keys = new Keys(x, axis);
        AxisWalk.forEach(
                axis,
                (at, step) -> {
                    int i = largest(keys.load(at[0], step[0]));
                    y.bits(at[1], x.bits(at[0] + i * step[0]));
                },
                x,
                y);
    }

    static void argMax(int axis, Cells x, Cells y) {
        Keys keys = new Keys(x, axis);
        AxisWalk.forEach(
                axis, (at, step) -> y.bits(at[1], largest(keys.load(at[0], step[0]))), x, y);
    }

    static void topK(Cells x, Cells values, Cells indices) {
        int axis = x.shape().rank() - 1;
        int k = Math.toIntExact(values.shape().last());
        Keys keys = new Keys(x, axis);
        int[] best = new int[k];
        AxisWalk.forEach(
                axis,
                (at, step) -> {
                    largest(keys.load(at[0], step[0]), best);
                    for (int i = 0; i < k; i++) {
                        values.bits(at[1] + i * step[1], x.bits(at[0] + best[i] * step[0]));
                        indices.bits(at[2] + i * step[2], best[i]);
                    }
                },
                x,
                values,
                indices);
    }

    private static int largest(long[] keys) {
        int best = 0;
        for (int i = 1; i < keys.length; i++) {
            if (keys[i] > keys[best]) {
                best = i;
            }
        }
        return best;
    }

    /// Fills `best` with the positions of the largest keys by insertion; earlier ones win ties.
    private static void largest(long[] keys, int[] best) {
        int n = 0;
        for (int i = 0; i < keys.length; i++) {
            int p = n;
            while (p > 0 && keys[i] > keys[best[p - 1]]) {
                p--;
            }
            if (p < best.length) {
                n = Math.min(n + 1, best.length);
                System.arraycopy(best, p, best, p + 1, n - 1 - p);
                best[p] = i;
            }
        }
    }

    /// The elements of a lane as longs in the same order.
    private static final class Keys {
        private final Cells x;
        private final long[] keys;
        private final double[] reals;

        Keys(Cells x, int axis) {
            this.x = x;
            int n = Math.toIntExact(x.shape().dim(axis));
            keys = new long[n];
            reals = new double[x.isFloat() ? n : 0];
        }

        long[] load(long at, long step) {
            if (x.dtype() == DType.BOOL || x.dtype().isInteger()) {
                x.load(at, step, keys.length, keys);
                return keys;
            }
            x.load(at, step, keys.length, reals);
            for (int i = 0; i < keys.length; i++) {
                long bits = Double.doubleToLongBits(reals[i] + 0.0);
                keys[i] = bits ^ (bits >> 63 & Long.MAX_VALUE);
            }
            return keys;
        }
    }
}
