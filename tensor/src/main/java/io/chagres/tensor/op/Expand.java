package io.chagres.tensor.op;

import io.chagres.tensor.Layout;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Sizes of 1 stretched, and leading axes added, by strides of 0.
///
/// @param to the shape to reach
public record Expand(Shape to) implements View {
    @Override
    public Layout view(Layout in) {
        return in.expand(to);
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {g[0].sumTo(in[0].shape())};
    }
}
