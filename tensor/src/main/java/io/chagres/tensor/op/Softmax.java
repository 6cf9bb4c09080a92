package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Softmax over the last axis: y_i = exp(x_i - max x) / Σ_j exp(x_j - max x).
public record Softmax() implements Fused {
    /// The only instance needed.
    public static final Softmax INSTANCE = new Softmax();

    /// Softmax over the last axis.
    public static Tensor softmax(Tensor x) {
        return Interpreter.run(INSTANCE, x);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "softmax", in);
        Check.isFloat("softmax", in);
        Check.axis(-1, "softmax", in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor e = in[0].sub(in[0].max(-1).detach()).exp();
        return new Tensor[] {e.div(e.sum(-1))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {Interpreter.run(SoftmaxBackward.INSTANCE, out[0], g[0])};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.outputs(0);
    }
}
