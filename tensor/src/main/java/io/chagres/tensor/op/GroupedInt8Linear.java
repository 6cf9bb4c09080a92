package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// [GroupedLinear] with weights of 8 bits: y_r = x_r W_eᵀ, W = q · scale, for the rows `offsets[e]
/// ≤ r < offsets[e + 1]`, and 0 for rows outside every group.
///
/// Inputs: x (R, in), q (E, out, in) of I8, scale (E, out) or (E, out, in / groupSize) of F32, and
/// offsets I32 (E + 1), ascending from 0 … R. x is F32, and so is the result (R, out).
///
/// The weights are frozen: gradients flow to x only.
public record GroupedInt8Linear() implements Fused {
    /// The only instance needed.
    public static final GroupedInt8Linear INSTANCE = new GroupedInt8Linear();

    /// y_r = x_r (q · scale)_eᵀ.
    public static Tensor groupedInt8Linear(Tensor x, Tensor q, Tensor scale, Tensor offsets) {
        return Interpreter.run(INSTANCE, x, q, scale, offsets);
    }

    /// W = q · scale in F32.
    public static Tensor dequantize(Tensor q, Tensor scale) {
        long rows = q.dim(0) * q.dim(1);
        Tensor s =
                scale.shape().rank() == 2 ? scale.reshape(rows) : scale.reshape(rows, scale.dim(2));
        Tensor w = Int8Linear.dequantize(q.reshape(rows, q.dim(2)), s, DType.F32);
        return w.reshape(q.shape());
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(4, "groupedInt8Linear", in);
        Shape x = in[0].shape();
        Shape q = in[1].shape();
        Check.that(
                in[0].dtype() == DType.F32
                        && in[1].dtype() == DType.I8
                        && x.rank() == 2
                        && q.rank() == 3
                        && q.dim(2) == x.dim(1),
                "groupedInt8Linear",
                "needs x (R, in) of F32 and q (E, out, in) of I8",
                in);
        Shape scale = in[2].shape();
        boolean fits =
                (scale.rank() == 2 || scale.rank() == 3)
                        && scale.dim(0) == q.dim(0)
                        && scale.dim(1) == q.dim(1)
                        && (scale.rank() == 2
                                || (scale.dim(2) > 0 && q.dim(2) % scale.dim(2) == 0));
        Check.that(
                in[2].dtype() == DType.F32 && fits,
                "groupedInt8Linear",
                "needs a scale (E, out) or (E, out, in / groupSize) of F32",
                in);
        GroupedLinear.checkOffsets("groupedInt8Linear", 3, q.dim(0), in);
        return new Spec[] {in[0].as(Shape.of(x.dim(0), q.dim(1)))};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        return new Tensor[] {GroupedLinear.groupedLinear(in[0], dequantize(in[1], in[2]), in[3])};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        if (needs[1] || needs[2]) {
            throw new IllegalStateException("the weights are frozen: q and scale have no gradient");
        }
        @Nullable Tensor[] d = new Tensor[in.length];
        Tensor dy = g[0];
        if (needs[0] && dy != null) {
            d[0] = GroupedLinear.groupedLinear(dy, dequantize(in[1], in[2]).transpose(), in[3]);
        }
        return d;
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(3).andInput(1, needs[0]).andInput(2, needs[0]);
    }
}
