package io.chagres.tensor.op;

import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of [SwiGlu] from gate, up and the cotangent g: dgate = g · up · silu'(gate), dup = g ·
/// silu(gate).
public record SwiGluBackward() implements Composite {
    /// The only instance needed.
    public static final SwiGluBackward INSTANCE = new SwiGluBackward();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(3, "swiGluBackward", in);
        Check.isFloat("swiGluBackward", in);
        Check.that(
                in[0].equals(in[1]) && in[0].equals(in[2]),
                "swiGluBackward",
                "gate, up and g must be alike",
                in);
        return new Spec[] {in[0], in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor s = in[0].sigmoid();
        Tensor slope = s.mul(in[0].mul(s.neg().shift(1)).shift(1));
        return new Tensor[] {in[2].mul(in[1]).mul(slope), in[2].mul(in[0]).mul(s)};
    }
}
