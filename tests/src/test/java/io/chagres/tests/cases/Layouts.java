package io.chagres.tests.cases;

import io.chagres.tensor.DType;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.Arrays;

/// Ways to lay the same elements out in memory.
enum Layouts {
    /// Row-major from the start.
    CONTIGUOUS {
        @Override
        Layout of(Shape s) {
            return Layout.contiguous(s);
        }
    },
    /// Row-major behind one other row.
    OFFSET {
        @Override
        Layout of(Shape s) {
            return s.rank() == 0
                    ? Layout.contiguous(Shape.of(3)).slice(0, 1, 1, 1).reshape(s).orElseThrow()
                    : Layout.contiguous(s.with(0, s.dim(0) + 2)).slice(0, 1, s.dim(0), 1);
        }
    },
    /// Axes stored in reverse order.
    TRANSPOSED {
        @Override
        Layout of(Shape s) {
            int r = s.rank();
            long[] stored = new long[r];
            int[] order = new int[r];
            for (int i = 0; i < r; i++) {
                stored[i] = s.dim(r - 1 - i);
                order[i] = r - 1 - i;
            }
            return Layout.contiguous(Shape.of(stored)).permute(order);
        }
    },
    /// Every second element of longer last axes.
    STEPPED {
        @Override
        Layout of(Shape s) {
            return s.rank() == 0
                    ? OFFSET.of(s)
                    : Layout.contiguous(s.with(-1, 2 * s.last() + 1)).slice(-1, 1, s.last(), 2);
        }
    },
    /// The first axis that has a size, stretched from 1.
    EXPANDED {
        @Override
        Layout of(Shape s) {
            for (int i = 0; i < s.rank(); i++) {
                if (s.dim(i) > 1) {
                    return Layout.contiguous(s.with(i, 1)).expand(s);
                }
            }
            return Layout.contiguous(s);
        }
    };

    abstract Layout of(Shape s);

    /// A tensor with these elements in this layout (of elements that share a place, the last).
    /// Places in between hold NaN.
    Tensor tensor(TensorArena arena, DType dtype, Shape shape, double[] values) {
        Layout layout = of(shape);
        int size = (int) layout.extent() + 1;
        double[] stored = new double[size];
        Arrays.fill(stored, Double.NaN);
        for (int i = 0; i < values.length; i++) {
            stored[(int) layout.index(i)] = values[i];
        }
        return TensorData.copyOf(arena, dtype, Shape.of(size), stored).viewAs(layout);
    }
}
