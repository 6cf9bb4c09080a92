package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Layout;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Every `step`-th element of one axis from `from`, `length` of them.
///
/// @param axis the axis, counted from the front
/// @param from first element
/// @param length number of elements
/// @param step distance between them
public record Slice(int axis, long from, long length, long step) implements View {
    @Override
    public Spec[] infer(Spec... in) {
        Check.axis(axis, "slice", in);
        return View.super.infer(in);
    }

    @Override
    public Layout view(Layout in) {
        return in.slice(axis, from, length, step);
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {Interpreter.run(new Pad(axis, from, step, in[0].dim(axis)), g[0])};
    }
}
