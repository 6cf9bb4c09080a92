package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Affine map of the last axis with weights of 8 bits: y = x Wᵀ + b, W = q · scale, where a scale
/// belongs to a row of W or to a group of consecutive elements of one.
///
/// Inputs: x (…, in), q (out, in) of I8, scale of F32, and, when `bias`, b (out). The scale is
/// (out), or (out, in / groupSize). x, b and the result have one float dtype, in which W is
/// computed, or in F32 if it is narrower. [Quantize] makes q and scale.
///
/// The weights are frozen: gradients flow to x and b only.
///
/// @param bias whether there is a fourth input
public record Int8Linear(boolean bias) implements Fused {
    /// y = x (q · scale)ᵀ (+ b).
    public static Tensor int8Linear(Tensor x, Tensor q, Tensor scale, @Nullable Tensor bias) {
        return bias == null
                ? Interpreter.run(new Int8Linear(false), x, q, scale)
                : Interpreter.run(new Int8Linear(true), x, q, scale, bias);
    }

    /// W = q · scale, rounded to `dtype`.
    public static Tensor dequantize(Tensor q, Tensor scale, DType dtype) {
        Tensor w = q.cast(dtype);
        Tensor s = scale.cast(dtype);
        if (scale.shape().rank() == 1) {
            return w.mul(s.reshape(s.dim(0), 1));
        }
        long groups = scale.dim(1);
        Tensor grouped = w.reshape(q.dim(0), groups, groupSize(q.spec(), scale.spec()));
        return grouped.mul(s.reshape(s.dim(0), groups, 1)).reshape(q.shape());
    }

    /// Number of consecutive elements of a row that share a scale.
    public static long groupSize(Spec q, Spec scale) {
        return scale.shape().rank() == 1
                ? q.shape().dim(1)
                : q.shape().dim(1) / scale.shape().dim(1);
    }

    @Override
    public Spec[] infer(Spec... in) {
        return infer("int8Linear", bias, in);
    }

    /// What an op of these inputs gives.
    static Spec[] infer(String op, boolean bias, Spec... in) {
        Check.arity(bias ? 4 : 3, op, in);
        Check.isFloat(op, in);
        Shape q = in[1].shape();
        Check.that(
                in[1].dtype() == DType.I8
                        && q.rank() == 2
                        && in[0].shape().rank() >= 1
                        && q.dim(1) == in[0].shape().last(),
                op,
                "needs x (…, in) and q (out, in) of I8",
                in);
        Shape scale = in[2].shape();
        boolean perRow = scale.rank() == 1 && scale.dim(0) == q.dim(0);
        boolean perGroup =
                scale.rank() == 2
                        && scale.dim(0) == q.dim(0)
                        && scale.dim(1) > 0
                        && q.dim(1) % scale.dim(1) == 0;
        Check.that(
                in[2].dtype() == DType.F32 && (perRow || perGroup),
                op,
                "needs a scale (out) or (out, in / groupSize) of F32",
                in);
        if (bias) {
            Check.that(
                    in[3].equals(new Spec(in[0].dtype(), Shape.of(q.dim(0)))),
                    op,
                    "needs a bias (out) of x's dtype",
                    in);
        }
        return new Spec[] {in[0].as(in[0].shape().with(-1, q.dim(0)))};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor w = dequantize(in[1], in[2], in[0].dtype());
        Tensor y = rows(in[0]).matmul(w.transpose());
        if (bias) {
            y = y.add(in[3]);
        }
        return new Tensor[] {y.reshape(in[0].shape().with(-1, in[1].dim(0)))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        if (needs[1] || needs[2]) {
            throw new IllegalStateException("the weights are frozen: q and scale have no gradient");
        }
        Tensor dy = rows(g[0]);
        Tensor[] d = new Tensor[in.length];
        if (needs[0]) {
            Tensor w = dequantize(in[1], in[2], dy.dtype());
            d[0] = dy.matmul(w).reshape(in[0].shape());
        }
        if (bias && needs[3]) {
            d[3] = dy.sumTo(in[3].shape());
        }
        return d;
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE.andInput(1, needs[0]).andInput(2, needs[0]);
    }

    private static Tensor rows(Tensor x) {
        return x.shape().rank() == 2 ? x : x.reshape(-1, x.shape().last());
    }
}
