package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Puts zeros before, after and between the elements along one axis, the transpose of [Slice].
///
/// @param axis the axis, counted from the front
/// @param before zeros before the first element
/// @param step distance from one element to the next, 1 for none between
/// @param size size of the axis in the result
public record Pad(int axis, long before, long step, long size) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "pad", in);
        int a = Check.axis(axis, "pad", in);
        long n = in[0].shape().dim(a);
        Check.that(
                before >= 0 && step >= 1 && (n == 0 || before + (n - 1) * step < size),
                "pad",
                "before " + before + ", step " + step + " does not fit size " + size,
                in);
        return new Spec[] {in[0].as(in[0].shape().with(a, size))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {g[0].slice(axis, before, in[0].dim(axis), step)};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE;
    }

    /// Zeros around the elements of one axis.
    public static Tensor pad(Tensor x, int axis, long before, long after) {
        int a = x.shape().axis(axis);
        return Interpreter.run(new Pad(a, before, 1, before + x.dim(a) + after), x);
    }
}
