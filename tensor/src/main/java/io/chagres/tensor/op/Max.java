package io.chagres.tensor.op;

import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The largest element along one axis, which stays with size 1. Elements that tie share the
/// gradient equally.
///
/// @param axis the axis, counted from the front
public record Max(int axis) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "max", in);
        Check.axis(axis, "max", in);
        Check.that(in[0].shape().dim(axis) > 0, "max", "the axis is empty", in);
        return new Spec[] {in[0].as(in[0].shape().with(axis, 1))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor hit = in[0].compare(Compare.EQ, out[0]).cast(g[0].dtype());
        return new Tensor[] {hit.mul(g[0].div(hit.sum(axis)))};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(0).andOutputs(0);
    }
}
