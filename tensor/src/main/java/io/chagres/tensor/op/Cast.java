package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The values in another dtype: floats round to nearest even, floats to integers truncate, anything
/// but zero becomes true.
///
/// @param to the dtype
public record Cast(DType to) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "cast", in);
        return new Spec[] {in[0].as(to)};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {g[0].cast(in[0].dtype())};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE;
    }

    @Override
    public boolean isDifferentiable() {
        return to.isFloat();
    }
}
