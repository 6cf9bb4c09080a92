package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Root-mean-square normalisation over the last axis: y = x · rstd · w, rstd = 1/√(mean(x²) + eps).
/// Zhang & Sennrich 2019, arXiv:1910.07467.
///
/// Inputs: x (…, C), w (C). Results: y, and rstd (…) for the gradient.
///
/// @param eps added to the mean square
public record RmsNorm(double eps) implements Fused {
    /// Normalises the last axis.
    public static Tensor rmsNorm(Tensor x, Tensor w, double eps) {
        return Interpreter.run(new RmsNorm(eps), x, w);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "rmsNorm", in);
        Check.isFloat("rmsNorm", in);
        Check.sameDType("rmsNorm", in);
        Check.axis(-1, "rmsNorm", in);
        Check.shape(1, Shape.of(in[0].shape().last()), "rmsNorm", in);
        return new Spec[] {in[0], in[0].as(in[0].shape().without(-1))};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor x = in[0];
        Tensor rstd = x.square().mean(-1).shift(eps).rsqrt();
        return new Tensor[] {x.mul(rstd).mul(in[1]), rstd.reshape(x.shape().without(-1))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor[] d = new Tensor[2];
        if (g[0] != null) {
            d = Interpreter.runAll(RmsNormBackward.INSTANCE, in[0], in[1], out[1], g[0]);
        }
        if (g[1] != null) { // only derivatives of derivatives flow into rstd
            Tensor slope = ofRstd(in[0], out[1], g[1]);
            d[0] = d[0] == null ? slope : d[0].add(slope);
        }
        return d;
    }

    /// Gradient through rstd = (mean(z²) + eps)^(-1/2): g · rstd³ · (-z/C).
    static Tensor ofRstd(Tensor z, Tensor rstd, Tensor g) {
        Tensor cube = rstd.mul(rstd).mul(rstd).mul(g).scale(-1.0 / z.shape().last());
        return z.mul(cube.reshape(z.shape().with(-1, 1)));
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(0, 1).andOutputs(1);
    }
}
