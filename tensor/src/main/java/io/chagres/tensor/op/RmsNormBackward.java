package io.chagres.tensor.op;

import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of [RmsNorm]. With x̂ = x·rstd and h = g·w: dx = rstd · (h - x̂ · mean(h·x̂)), dw = Σ
/// g·x̂ over rows.
///
/// Inputs: x (…, C), w (C), rstd (…), g (…, C). Results: dx, dw.
public record RmsNormBackward() implements Composite {
    /// The only instance needed.
    public static final RmsNormBackward INSTANCE = new RmsNormBackward();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(4, "rmsNormBackward", in);
        Check.isFloat("rmsNormBackward", in);
        Check.sameDType("rmsNormBackward", in);
        Check.shape(1, Shape.of(in[0].shape().last()), "rmsNormBackward", in);
        Check.shape(2, in[0].shape().without(-1), "rmsNormBackward", in);
        Check.shape(3, in[0].shape(), "rmsNormBackward", in);
        return new Spec[] {in[0], in[1]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor rstd = in[2].reshape(in[0].shape().with(-1, 1));
        Tensor xhat = in[0].mul(rstd);
        Tensor h = in[3].mul(in[1]);
        Tensor dx = rstd.mul(h.sub(xhat.mul(h.mul(xhat).mean(-1))));
        return new Tensor[] {dx, in[3].mul(xhat).sumTo(in[1].shape())};
    }
}
