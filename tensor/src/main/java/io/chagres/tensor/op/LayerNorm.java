package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Layer normalisation over the last axis: y = (x - μ) · rstd · w + b, rstd = 1/√(σ² + eps) with
/// the biased variance. Ba, Kiros & Hinton 2016, arXiv:1607.06450.
///
/// Inputs: x (…, C), w (C), b (C). Results: y, and μ and rstd (…) for the gradient.
///
/// @param eps added to the variance
public record LayerNorm(double eps) implements Fused {
    /// Normalises the last axis.
    public static Tensor layerNorm(Tensor x, Tensor w, Tensor b, double eps) {
        return Interpreter.run(new LayerNorm(eps), x, w, b);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(3, "layerNorm", in);
        Check.isFloat("layerNorm", in);
        Check.sameDType("layerNorm", in);
        Check.axis(-1, "layerNorm", in);
        Shape c = Shape.of(in[0].shape().last());
        Check.shape(1, c, "layerNorm", in);
        Check.shape(2, c, "layerNorm", in);
        Spec row = in[0].as(in[0].shape().without(-1));
        return new Spec[] {in[0], row, row};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor x = in[0];
        Tensor mean = x.mean(-1);
        Tensor z = x.sub(mean);
        Tensor rstd = z.square().mean(-1).shift(eps).rsqrt();
        Shape row = x.shape().without(-1);
        Tensor y = z.mul(rstd).mul(in[1]).add(in[2]);
        return new Tensor[] {y, mean.reshape(row), rstd.reshape(row)};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor x = in[0];
        Tensor[] d = new Tensor[3];
        if (g[0] != null) {
            d = Interpreter.runAll(LayerNormBackward.INSTANCE, x, in[1], out[1], out[2], g[0]);
        }
        Shape column = x.shape().with(-1, 1);
        if (g[1] != null) { // only derivatives of derivatives flow into μ and rstd
            Tensor slope = g[1].reshape(column).scale(1.0 / x.shape().last()).expand(x.shape());
            d[0] = d[0] == null ? slope : d[0].add(slope);
        }
        if (g[2] != null) {
            Tensor slope = RmsNorm.ofRstd(x.sub(out[1].reshape(column)), out[2], g[2]);
            d[0] = d[0] == null ? slope : d[0].add(slope);
        }
        return d;
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(0, 1).andOutputs(1, 2);
    }
}
