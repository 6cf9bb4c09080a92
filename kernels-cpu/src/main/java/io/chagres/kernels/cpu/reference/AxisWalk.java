package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.Shape;

/// Visits the lanes along one axis: for every position of the other axes the elements that differ
/// in that axis alone.
final class AxisWalk {
    /// What to do with a lane.
    interface Lane {
        /// @param at position of the lane's first element, one per tensor
        /// @param step distance to the next, one per tensor
        void at(long[] at, long[] step);
    }

    private AxisWalk() {}

    /// Visits all lanes of tensors whose shapes agree but for that axis.
    static void forEach(int axis, Lane body, Cells... tensors) {
        Shape others = tensors[0].shape().without(axis);
        long[][] strides = new long[tensors.length][];
        long[] along = new long[tensors.length];
        for (int t = 0; t < tensors.length; t++) {
            long[] all = tensors[t].layout().strides();
            along[t] = all[axis];
            long[] rest = new long[others.rank()];
            System.arraycopy(all, 0, rest, 0, axis);
            System.arraycopy(all, axis + 1, rest, axis, rest.length - axis);
            strides[t] = rest;
        }
        long[] lane = new long[tensors.length];
        new Walk(others, strides)
                .run((at, step, n) -> {
                    for (int i = 0; i < n; i++) {
                        for (int t = 0; t < lane.length; t++) {
                            lane[t] = at[t] + i * step[t];
                        }
                        body.at(lane, along);
                    }
                });
    }
}
