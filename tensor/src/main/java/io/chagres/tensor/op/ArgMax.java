package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;

/// Index (I32) of the first largest element along one axis, which stays with size 1.
///
/// @param axis the axis, counted from the front
public record ArgMax(int axis) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "argMax", in);
        Check.axis(axis, "argMax", in);
        Check.that(in[0].shape().dim(axis) > 0, "argMax", "the axis is empty", in);
        return new Spec[] {new Spec(DType.I32, in[0].shape().with(axis, 1))};
    }

    @Override
    public boolean isDifferentiable() {
        return false;
    }
}
