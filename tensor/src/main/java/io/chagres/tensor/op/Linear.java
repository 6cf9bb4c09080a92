package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Affine map of the last axis: y = x Wᵀ + b, with the weight stored [out, in] as PyTorch does.
///
/// Inputs: x (…, in), W (out, in) and, when `bias`, b (out), all of one dtype; or W in BF16 or F16,
/// and b in that or in F32, with x in F32. The product then is that of x with W widened to F32,
/// exactly: a checkpoint can stay in the dtype it is stored in. The gradient for W has W's dtype.
///
/// @param bias whether there is a third input
public record Linear(boolean bias) implements Fused {
    /// y = x Wᵀ (+ b).
    public static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
        return bias == null
                ? Interpreter.run(new Linear(false), x, weight)
                : Interpreter.run(new Linear(true), x, weight, bias);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(bias ? 3 : 2, "linear", in);
        Check.isFloat("linear", in);
        DType x = in[0].dtype();
        for (Spec s : in) {
            boolean stored = x == DType.F32 && in[1].dtype().isNarrow() && in[1].dtype() == s.dtype();
            Check.that(
                    s.dtype() == x || stored,
                    "linear",
                    "needs one dtype, or x in F32 and the others stored in BF16 or F16",
                    in);
        }
        Shape w = in[1].shape();
        Check.that(
                w.rank() == 2 && in[0].shape().rank() >= 1 && w.dim(1) == in[0].shape().last(),
                "linear",
                "needs x (…, in) and W (out, in)",
                in);
        if (bias) {
            Check.shape(2, Shape.of(w.dim(0)), "linear", in);
        }
        return new Spec[] {in[0].as(in[0].shape().with(-1, w.dim(0)))};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        DType x = in[0].dtype();
        Tensor y = rows(in[0]).matmul(in[1].cast(x).transpose());
        if (bias) {
            y = y.add(in[2].cast(x));
        }
        return new Tensor[] {y.reshape(in[0].shape().with(-1, in[1].dim(0)))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor dy = rows(g[0]);
        Tensor[] d = new Tensor[in.length];
        boolean stored = in[1].dtype() != in[0].dtype();
        if (needs[0]) {
            Tensor w = in[1];
            Tensor dx = stored ? linear(dy, w.transpose(), null) : dy.matmul(w);
            d[0] = dx.reshape(in[0].shape());
        }
        if (needs[1]) {
            d[1] = dy.transpose().matmul(rows(in[0])).cast(in[1].dtype());
        }
        if (bias && needs[2]) {
            d[2] = dy.sumTo(in[2].shape()).cast(in[2].dtype());
        }
        return d;
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE.andInput(0, needs[1]).andInput(1, needs[0]);
    }

    private static Tensor rows(Tensor x) {
        return x.shape().rank() == 2 ? x : x.reshape(-1, x.shape().last());
    }
}
