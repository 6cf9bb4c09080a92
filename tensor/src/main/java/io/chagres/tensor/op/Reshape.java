package io.chagres.tensor.op;

import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The elements in another shape, where strides allow it; [Tensor#reshape] copies first where they
/// do not.
///
/// @param to the shape
public record Reshape(Shape to) implements View {
    @Override
    public Layout view(Layout in) {
        return in.reshape(to)
                .orElseThrow(() ->
                        new ShapeMismatch(
                                "reshape: " + in + " cannot be seen as " + to + " without a copy"));
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {g[0].reshape(in[0].shape())};
    }

    /// Works out a size given as -1.
    public static Shape resolve(Shape from, long... dims) {
        long known = 1;
        int unknown = -1;
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] != -1) {
                known *= dims[i];
            } else if (unknown < 0) {
                unknown = i;
            } else {
                throw new ShapeMismatch("reshape: two sizes are -1 in " + Arrays.toString(dims));
            }
        }
        if (unknown < 0) {
            return Shape.of(dims);
        }
        if (known == 0 || from.size() % known != 0) {
            throw new ShapeMismatch("reshape: " + from + " to " + Arrays.toString(dims));
        }
        long[] d = dims.clone();
        d[unknown] = from.size() / known;
        return Shape.of(d);
    }
}
