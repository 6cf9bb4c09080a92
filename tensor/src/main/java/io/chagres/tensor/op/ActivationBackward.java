package io.chagres.tensor.op;

import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of an [Activation] from its input x and the cotangent g: dx = g · f'(x).
///
/// @param activation f
public record ActivationBackward(Activation activation) implements Composite {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "activationBackward", in);
        Check.isFloat("activationBackward", in);
        Check.that(in[0].equals(in[1]), "activationBackward", "x and g must be alike", in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        return new Tensor[] {in[1].mul(activation.slope(in[0]))};
    }
}
