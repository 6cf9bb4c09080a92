package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of [CrossEntropy]: dx_j = g · (exp(x_j - lse) - (1 - ε)[j = target] - ε/V), 0 in
/// ignored rows. Inputs: logits (N, V), targets (N), lse (N), g (N), the last two in F32 for logits
/// in BF16 or F16. The result has the logits' dtype.
///
/// @param ignoreIndex target value of rows to leave out
/// @param labelSmoothing ε
public record CrossEntropyBackward(long ignoreIndex, double labelSmoothing) implements Composite {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(4, "crossEntropyBackward", in);
        Check.isFloat("crossEntropyBackward", in);
        Check.isIndex(1, "crossEntropyBackward", in);
        Check.that(in[0].shape().rank() == 2, "crossEntropyBackward", "logits must be (N, V)", in);
        for (int i = 1; i < 4; i++) {
            Check.shape(i, in[0].shape().without(-1), "crossEntropyBackward", in);
        }
        DType wide = in[0].dtype().wide();
        Check.that(
                in[2].dtype() == wide && in[3].dtype() == wide,
                "crossEntropyBackward",
                "lse and g must be " + wide,
                in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        DType dtype = in[0].dtype();
        Tensor x = in[0].cast(dtype.wide());
        CrossEntropy.Rows rows = CrossEntropy.Rows.of(in[1], x, ignoreIndex);
        Tensor p = x.sub(in[2].reshape(-1, 1)).exp();
        Tensor ones = Full.full(x.spec().as(rows.target().shape()), 1 - labelSmoothing);
        Tensor hot = ScatterAdd.scatterAdd(ones, rows.target(), 1, x.dim(1));
        Tensor d = p.sub(hot).shift(-labelSmoothing / x.dim(1)).mul(in[3].reshape(-1, 1));
        return new Tensor[] {rows.valid().select(d, Full.zerosLike(d)).cast(dtype)};
    }
}
