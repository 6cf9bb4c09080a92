package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.op.Pad;

/// Primitives that move elements without looking at them: bits stay as they are.
final class Movement {
    private Movement() {}

    /// Both may have any layout.
    static void copy(Cells x, Cells y) {
        move(x, y, 0, y.layout().strides());
    }

    static void concat(int axis, Cells[] parts, Cells y) {
        long from = 0;
        for (Cells x : parts) {
            move(x, y, from * y.layout().stride(axis), y.layout().strides());
            from += x.shape().dim(axis);
        }
    }

    static void pad(Pad op, Cells x, Cells y) {
        Creation.full(0, y);
        long[] strides = y.layout().strides();
        long from = op.before() * strides[op.axis()];
        strides[op.axis()] *= op.step();
        move(x, y, from, strides);
    }

    /// Copies all of x to positions of y.
    private static void move(Cells x, Cells y, long from, long[] strides) {
        new Walk(x.shape(), x.layout().strides(), strides)
                .run((at, step, n) -> y.copy(at[1], step[1], n, x, at[0], step[0]), 0, from);
    }
}
