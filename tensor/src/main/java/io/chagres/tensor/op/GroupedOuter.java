package io.chagres.tensor.op;

import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of [GroupedLinear] for its weights: dW_e = Σ_r g_rᵀ x_r over the rows of group e; zeros
/// for a group without rows.
///
/// Inputs: g (R, out) and x (R, in) of one dtype, offsets I32 (E + 1). Result: (E, out, in).
public record GroupedOuter() implements Composite {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(3, "groupedOuter", in);
        Check.isFloat("groupedOuter", in);
        Check.sameDType("groupedOuter", in[0], in[1]);
        Shape g = in[0].shape();
        Shape x = in[1].shape();
        Check.that(
                g.rank() == 2 && x.rank() == 2 && g.dim(0) == x.dim(0),
                "groupedOuter",
                "needs g (R, out) and x (R, in)",
                in);
        GroupedLinear.checkOffsets("groupedOuter", 2, -1, in);
        return new Spec[] {in[0].as(Shape.of(in[2].shape().dim(0) - 1, g.dim(1), x.dim(1)))};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        long rows = in[0].dim(0);
        Tensor zero = Full.scalar(in[0].dtype(), 0);
        Tensor[] parts = new Tensor[Math.toIntExact(in[2].dim(0) - 1)];
        for (int e = 0; e < parts.length; e++) {
            Tensor g = GroupedLinear.member(in[2], e, rows).select(in[0], zero);
            parts[e] = g.transpose().matmul(in[1]).reshape(1, in[0].dim(1), in[1].dim(1));
        }
        return new Tensor[] {Concat.concat(0, parts)};
    }
}
