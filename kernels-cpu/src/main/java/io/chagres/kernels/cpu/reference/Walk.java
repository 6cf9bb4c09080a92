package io.chagres.kernels.cpu.reference;

import io.chagres.tensor.Shape;
import java.util.Arrays;

/// Visits all positions of a shape in row-major order, in several tensors at once, as runs along
/// the innermost axis. Positions are carried along, not divided out; axes that continue each other
/// in every tensor become one.
final class Walk {
    /// The longest run handed out, so that buffers can have a fixed size.
    static final int CHUNK = 2048;

    /// What to do with a run.
    interface Run {
        /// @param at position of the first element, one per tensor
        /// @param step distance to the next, one per tensor
        /// @param n number of elements, at most [#CHUNK]
        void at(long[] at, long[] step, int n);
    }

    private final long[] dims;
    private final long[][] strides;
    private final int tensors;

    /// A walk over a shape.
    ///
    /// @param strides per tensor: elements to skip per axis of the shape
    Walk(Shape shape, long[]... strides) {
        tensors = strides.length;
        long[] d = new long[shape.rank() + 1];
        long[][] s = new long[shape.rank() + 1][tensors];
        int n = 0;
        for (int axis = 0; axis < shape.rank(); axis++) {
            long size = shape.dim(axis);
            if (size == 1) {
                continue;
            }
            if (n > 0 && continues(s[n - 1], strides, axis, size)) {
                d[n - 1] *= size;
            } else {
                d[n++] = size;
            }
            for (int t = 0; t < tensors; t++) {
                s[n - 1][t] = strides[t][axis];
            }
        }
        if (n == 0) {
            d[n++] = 1;
        }
        dims = Arrays.copyOf(d, n);
        this.strides = Arrays.copyOf(s, n);
    }

    /// Visits every run.
    ///
    /// @param base position in each tensor to start from
    void run(Run body, long... base) {
        for (long d : dims) {
            if (d == 0) {
                return;
            }
        }
        int inner = dims.length - 1;
        long[] step = strides[inner];
        long[] index = new long[inner];
        long[] row = Arrays.copyOf(base, tensors);
        long[] at = new long[tensors];
        while (true) {
            System.arraycopy(row, 0, at, 0, tensors);
            for (long left = dims[inner]; left > 0; left -= CHUNK) {
                int n = (int) Math.min(left, CHUNK);
                body.at(at, step, n);
                for (int t = 0; t < tensors; t++) {
                    at[t] += n * step[t];
                }
            }
            int axis = inner - 1;
            while (axis >= 0 && ++index[axis] == dims[axis]) {
                move(row, axis, 1 - dims[axis]);
                index[axis--] = 0;
            }
            if (axis < 0) {
                return;
            }
            move(row, axis, 1);
        }
    }

    private void move(long[] row, int axis, long times) {
        for (int t = 0; t < tensors; t++) {
            row[t] += times * strides[axis][t];
        }
    }

    private static boolean continues(long[] outer, long[][] strides, int axis, long size) {
        for (int t = 0; t < outer.length; t++) {
            if (outer[t] != strides[t][axis] * size) {
                return false;
            }
        }
        return true;
    }
}
