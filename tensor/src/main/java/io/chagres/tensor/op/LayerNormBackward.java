package io.chagres.tensor.op;

import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of [LayerNorm]. With x̂ = (x - μ)·rstd and h = g·w: dx = rstd · (h - mean(h) - x̂ ·
/// mean(h·x̂)), dw = Σ g·x̂, db = Σ g over rows.
///
/// Inputs: x (…, C), w (C), μ (…), rstd (…), g (…, C). Results: dx, dw, db.
public record LayerNormBackward() implements Composite {
    /// The only instance needed.
    public static final LayerNormBackward INSTANCE = new LayerNormBackward();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(5, "layerNormBackward", in);
        Check.isFloat("layerNormBackward", in);
        Check.sameDType("layerNormBackward", in);
        Check.shape(1, Shape.of(in[0].shape().last()), "layerNormBackward", in);
        Check.shape(2, in[0].shape().without(-1), "layerNormBackward", in);
        Check.shape(3, in[0].shape().without(-1), "layerNormBackward", in);
        Check.shape(4, in[0].shape(), "layerNormBackward", in);
        return new Spec[] {in[0], in[1], in[1]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Shape column = in[0].shape().with(-1, 1);
        Tensor rstd = in[3].reshape(column);
        Tensor xhat = in[0].sub(in[2].reshape(column)).mul(rstd);
        Tensor h = in[4].mul(in[1]);
        Tensor dx = rstd.mul(h.sub(h.mean(-1)).sub(xhat.mul(h.mul(xhat).mean(-1))));
        Shape c = in[1].shape();
        return new Tensor[] {dx, in[4].mul(xhat).sumTo(c), in[4].sumTo(c)};
    }
}
