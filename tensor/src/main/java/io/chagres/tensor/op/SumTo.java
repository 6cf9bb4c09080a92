package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Sums over everything the target shape does not keep: axes of size 1 and missing leading axes.
/// The reverse of broadcasting.
///
/// @param to result shape; it must broadcast to the input's
public record SumTo(Shape to) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "sum", in);
        Check.that(to.broadcastsTo(in[0].shape()), "sum", to + " is no reduction of the input", in);
        Check.that(in[0].dtype() != DType.BOOL, "sum", "cast truth values first", in);
        return new Spec[] {in[0].as(to)};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {g[0].expand(in[0].shape())};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE;
    }
}
