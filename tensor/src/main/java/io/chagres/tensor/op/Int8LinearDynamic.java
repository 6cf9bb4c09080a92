package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Affine map of the last axis in 8-bit arithmetic (W8A8): the weights are stored as [Int8Linear]
/// has them, and each row of x is quantised as it comes ([Quantize], one scale a row). Products of
/// integers are summed exactly:
///
/// `y[r, j] = Σ_g ((Σ_{k in g} qx[r, k] q[j, k]) · sx[r]) · scale[j, g] + b[j]`
///
/// in F32, groups in ascending order, each sum, product and addition rounded; a row without groups
/// is one. The result is rounded to the dtype of x.
///
/// Inputs: x (…, in), q (out, in) of I8, scale (out) or (out, in / groupSize) of F32, and, when
/// `bias`, b (out). x, b and the result have one float dtype. `in` is at least 1.
///
/// The weights are frozen: gradients flow to x and b only. Rounding x counts as the identity there
/// (the straight-through estimator of Bengio et al. 2013, arXiv:1308.3432), so the gradient is that
/// of [Int8Linear].
///
/// @param bias whether there is a fourth input
public record Int8LinearDynamic(boolean bias) implements Fused {
    /// y = x (q · scale)ᵀ (+ b) with x quantised.
    public static Tensor int8LinearDynamic(
            Tensor x, Tensor q, Tensor scale, @Nullable Tensor bias) {
        return bias == null
                ? Interpreter.run(new Int8LinearDynamic(false), x, q, scale)
                : Interpreter.run(new Int8LinearDynamic(true), x, q, scale, bias);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Spec[] out = Int8Linear.infer("int8LinearDynamic", bias, in);
        Check.that(in[1].shape().dim(1) > 0, "int8LinearDynamic", "rows are empty", in);
        return out;
    }

    /// Sums of integers are exact in F64.
    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor x = in[0];
        long out = in[1].dim(0);
        long width = in[1].dim(1);
        Tensor[] quantised = Quantize.quantize(x.reshape(-1, width));
        Tensor a = quantised[0].cast(DType.F64);
        Tensor w = in[1].cast(DType.F64).transpose();
        Tensor rowScale = quantised[1].reshape(-1, 1);
        long size = Int8Linear.groupSize(in[1].spec(), in[2].spec());
        Tensor scale = in[2].reshape(out, width / size);
        Tensor y = scaled(a, w, rowScale, scale, 0, size);
        for (long g = 1; g < width / size; g++) {
            y = y.add(scaled(a, w, rowScale, scale, g, size));
        }
        if (bias) {
            y = y.add(in[3].cast(DType.F32));
        }
        return new Tensor[] {y.cast(x.dtype()).reshape(x.shape().with(-1, out))};
    }

    private static Tensor scaled(
            Tensor a, Tensor w, Tensor rowScale, Tensor scale, long group, long size) {
        Tensor sums = a.slice(1, group * size, size).matmul(w.slice(0, group * size, size));
        Tensor columnScale = scale.slice(1, group, 1).reshape(1, -1);
        return sums.cast(DType.F32).mul(rowScale).mul(columnScale);
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Int8Linear(bias).vjp(in, out, g, needs);
    }

    @Override
    public Reads reads(boolean[] needs) {
        return new Int8Linear(bias).reads(needs);
    }
}
