package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Picks elements along one axis: `y[i][j][k] = x[i][index[i][j][k]][k]` for axis 1. All axes but
/// that one have equal sizes. Indices outside the axis are an error.
///
/// @param axis the axis, counted from the front
public record Gather(int axis) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "gather", in);
        Check.isIndex(1, "gather", in);
        int a = Check.axis(axis, "gather", in);
        Shape x = in[0].shape();
        Shape i = in[1].shape();
        Check.that(
                x.rank() == i.rank() && x.with(a, i.dim(a)).equals(i),
                "gather",
                "sizes must agree except along axis " + axis,
                in);
        return new Spec[] {in[0].as(i)};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {ScatterAdd.scatterAdd(g[0], in[1], axis, in[0].dim(axis)), null};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(1);
    }

    /// Picks along an axis.
    public static Tensor gather(Tensor x, Tensor index, int axis) {
        return Interpreter.run(new Gather(x.shape().axis(axis)), x, index);
    }
}
