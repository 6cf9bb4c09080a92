package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.Layout;
import io.chagres.tensor.op.CumSum;

/// Primitives that add along axes.
final class Sums {
    private Sums() {}

    static void sumTo(Cells x, Cells y) {
        Accumulator sums = new Accumulator(x, y.size());
        long[] target = Layout.contiguous(y.shape()).expand(x.shape()).strides();
        new Walk(x.shape(), x.strides(x.shape()), target)
                .run((at, step, n) -> sums.add(x, at[0], step[0], n, at[1], step[1]));
        sums.store(y, 0, 1, Math.toIntExact(y.size()));
    }

    static void cumSum(CumSum op, Cells x, Cells y) {
        int n = Math.toIntExact(x.shape().dim(op.axis()));
        boolean real = x.isFloat();
        double[] reals = new double[real ? n : 0];
        long[] wholes = new long[real ? 0 : n];
        AxisWalk.forEach(
                op.axis(),
                (at, step) -> {
                    if (real) {
                        x.load(at[0], step[0], n, reals);
                        accumulate(reals, op.reverse());
                        y.store(at[1], step[1], n, reals);
                    } else {
                        x.load(at[0], step[0], n, wholes);
                        accumulate(wholes, op.reverse());
                        y.store(at[1], step[1], n, wholes);
                    }
                },
                x,
                y);
    }

    private static void accumulate(double[] v, boolean reverse) {
        if (reverse) {
            for (int i = v.length - 2; i >= 0; i--) {
                v[i] += v[i + 1];
            }
        } else {
            for (int i = 1; i < v.length; i++) {
                v[i] += v[i - 1];
            }
        }
    }

    private static void accumulate(long[] v, boolean reverse) {
        if (reverse) {
            for (int i = v.length - 2; i >= 0; i--) {
                v[i] += v[i + 1];
            }
        } else {
            for (int i = 1; i < v.length; i++) {
                v[i] += v[i - 1];
            }
        }
    }
}
