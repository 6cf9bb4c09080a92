package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Running sum along one axis: y_i = x_0 + … + x_i, or from the other end when `reverse`.
///
/// @param axis the axis, counted from the front
/// @param reverse whether sums run from the last element to the first
public record CumSum(int axis, boolean reverse) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "cumSum", in);
        Check.axis(axis, "cumSum", in);
        Check.that(in[0].dtype() != DType.BOOL, "cumSum", "cast truth values first", in);
        return new Spec[] {in[0]};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {Interpreter.run(new CumSum(axis, !reverse), g[0])};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE;
    }
}
