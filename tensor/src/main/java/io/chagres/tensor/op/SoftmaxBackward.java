package io.chagres.tensor.op;

import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of [Softmax] from its result y and the cotangent g: dx = y · (g - Σ_j g_j y_j).
public record SoftmaxBackward() implements Composite {
    /// The only instance needed.
    public static final SoftmaxBackward INSTANCE = new SoftmaxBackward();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "softmaxBackward", in);
        Check.isFloat("softmaxBackward", in);
        Check.that(in[0].equals(in[1]), "softmaxBackward", "y and g must be alike", in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor y = in[0];
        Tensor g = in[1];
        return new Tensor[] {y.mul(g.sub(g.mul(y).sum(-1)))};
    }
}
