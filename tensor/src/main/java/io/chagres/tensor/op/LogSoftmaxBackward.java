package io.chagres.tensor.op;

import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of [LogSoftmax] from its result y and the cotangent g: dx = g - exp(y) · Σ_j g_j.
public record LogSoftmaxBackward() implements Composite {
    /// The only instance needed.
    public static final LogSoftmaxBackward INSTANCE = new LogSoftmaxBackward();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "logSoftmaxBackward", in);
        Check.isFloat("logSoftmaxBackward", in);
        Check.that(in[0].equals(in[1]), "logSoftmaxBackward", "y and g must be alike", in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        return new Tensor[] {in[1].sub(in[0].exp().mul(in[1].sum(-1)))};
    }
}
