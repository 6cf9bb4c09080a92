package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Affine map of the last axis: y = x Wᵀ + b, with the weight stored [out, in] as PyTorch does.
///
/// Inputs: x (…, in), W (out, in) and, when `bias`, b (out).
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
        Check.sameDType("linear", in);
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
        Tensor y = rows(in[0]).matmul(in[1].transpose());
        if (bias) {
            y = y.add(in[2]);
        }
        return new Tensor[] {y.reshape(in[0].shape().with(-1, in[1].dim(0)))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor dy = rows(g[0]);
        Tensor[] d = new Tensor[in.length];
        if (needs[0]) {
            d[0] = dy.matmul(in[1]).reshape(in[0].shape());
        }
        if (needs[1]) {
            d[1] = dy.transpose().matmul(rows(in[0]));
        }
        if (bias && needs[2]) {
            d[2] = dy.sumTo(in[2].shape());
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
