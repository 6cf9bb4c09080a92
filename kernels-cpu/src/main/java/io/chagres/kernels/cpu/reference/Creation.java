package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.random.Philox;
import java.util.Arrays;

/// Primitives that make numbers.
final class Creation {
    private Creation() {}

    static void full(double value, Cells y) {
        double[] v = new double[Walk.CHUNK];
        Arrays.fill(v, value);
        new Walk(y.shape(), y.layout().strides())
                .run((at, step, n) -> y.store(at[0], step[0], n, v));
    }

    static void iota(int axis, Cells y) {
        long[] v = new long[Math.toIntExact(y.shape().dim(axis))];
        Arrays.setAll(v, i -> i);
        AxisWalk.forEach(axis, (at, step) -> y.store(at[0], step[0], v.length, v), y);
    }

    static void uniform(Cells stream, Cells y) {
        long[] key = new long[2];
        stream.load(0, stream.layout().stride(0), 2, key);
        int[] lanes = new int[Philox.LANES];
        double[] v = new double[Philox.LANES];
        for (long at = 0; at < y.size(); at += Philox.LANES) {
            Philox.block(key[0], key[1], at / Philox.LANES, lanes, 0);
            for (int i = 0; i < Philox.LANES; i++) {
                v[i] = Philox.uniform(lanes[i]);
            }
            y.store(at, 1, (int) Math.min(Philox.LANES, y.size() - at), v);
        }
    }
}
