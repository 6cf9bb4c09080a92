package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of [KlDivergence]: dx = g / T · (softmax(x / T) - softmax(z / T)). Inputs: x (N, V), z
/// (N, V), g (N), the last in F32 for logits in BF16 or F16. The result has the logits' dtype.
///
/// @param temperature T
public record KlDivergenceBackward(double temperature) implements Composite {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(3, "klDivergenceBackward", in);
        Check.isFloat("klDivergenceBackward", in);
        Check.that(in[0].shape().rank() == 2, "klDivergenceBackward", "logits must be (N, V)", in);
        Check.shape(1, in[0].shape(), "klDivergenceBackward", in);
        Check.shape(2, in[0].shape().without(-1), "klDivergenceBackward", in);
        DType wide = in[0].dtype().wide();
        Check.that(
                in[1].dtype() == in[0].dtype() && in[2].dtype() == wide,
                "klDivergenceBackward",
                "both logits must be of one dtype and g " + wide,
                in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        DType dtype = in[0].dtype();
        Tensor apart = KlDivergence.byRows(in[0], in[1], (x, z) -> soft(x).sub(soft(z)));
        Tensor factor = in[2].reshape(-1, 1).scale(1 / temperature);
        return new Tensor[] {apart.mul(factor).cast(dtype)};
    }

    private Tensor soft(Tensor logits) {
        return Softmax.softmax(KlDivergence.scaled(logits, temperature));
    }
}
