package io.chagres.nn.prune;

import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import java.util.ArrayList;
import java.util.List;

/// The matrices that a tensor is made of, and their elements.
final class Matrices {
    private Matrices() {}

    /// A tensor of two axes or fewer itself; else its items along the first axis, which are views.
    static List<Tensor> of(Tensor t) {
        if (t.shape().rank() <= 2) {
            return List.of(t);
        }
        List<Tensor> items = new ArrayList<>();
        for (int i = 0; i < t.dim(0); i++) {
            items.add(item(t, i));
        }
        return items;
    }

    /// One item along the first axis, a view.
    static Tensor item(Tensor t, int index) {
        Shape shape = t.shape().without(0);
        return t.viewAs(
                t.layout()
                        .slice(0, index, 1, 1)
                        .reshape(shape)
                        .orElseThrow(() -> new IllegalStateException("not contiguous: " + t)));
    }

    /// The elements of a matrix, row by row.
    static float[] values(Tensor matrix) {
        float[] values = new float[Math.toIntExact(matrix.shape().size())];
        TensorData.read(matrix, values);
        return values;
    }
}
