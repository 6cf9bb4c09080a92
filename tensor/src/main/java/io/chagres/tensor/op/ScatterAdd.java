package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Adds elements into zeros along one axis, the transpose of [Gather]: `y[i][index[i][j][k]][k] +=
/// x[i][j][k]` for axis 1. Equal targets are added in the order of j.
///
/// @param axis the axis, counted from the front
/// @param size size of that axis in the result
public record ScatterAdd(int axis, long size) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "scatterAdd", in);
        Check.isIndex(1, "scatterAdd", in);
        Check.axis(axis, "scatterAdd", in);
        Check.shape(1, in[0].shape(), "scatterAdd", in);
        return new Spec[] {in[0].as(in[0].shape().with(axis, size))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {Gather.gather(g[0], in[1], axis), null};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(1);
    }

    /// Adds into zeros along an axis of the given size.
    public static Tensor scatterAdd(Tensor x, Tensor index, int axis, long size) {
        return Interpreter.run(new ScatterAdd(x.shape().axis(axis), size), x, index);
    }
}
