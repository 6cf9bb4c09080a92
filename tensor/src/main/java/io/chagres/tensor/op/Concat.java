package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Joins tensors along one axis; the other sizes agree.
///
/// @param axis the axis, counted from the front
public record Concat(int axis) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.that(in.length > 0, "concat", "needs an input", in);
        Check.sameDType("concat", in);
        int a = Check.axis(axis, "concat", in);
        long n = 0;
        for (Spec s : in) {
            Check.that(
                    s.shape().rank() == in[0].shape().rank()
                            && s.shape().with(a, 0).equals(in[0].shape().with(a, 0)),
                    "concat",
                    "sizes must agree except along axis " + axis,
                    in);
            n += s.shape().dim(a);
        }
        return new Spec[] {in[0].as(in[0].shape().with(a, n))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor[] parts = new Tensor[in.length];
        long at = 0;
        for (int i = 0; i < parts.length; i++) {
            parts[i] = g[0].slice(axis, at, in[i].dim(axis));
            at += in[i].dim(axis);
        }
        return parts;
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE;
    }

    /// Joins along an axis.
    public static Tensor concat(int axis, Tensor... parts) {
        return Interpreter.run(new Concat(parts[0].shape().axis(axis)), parts);
    }
}
