package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Logarithm of the softmax over the last axis: y_i = x_i - max x - ln Σ_j exp(x_j - max x).
public record LogSoftmax() implements Fused {
    /// The only instance needed.
    public static final LogSoftmax INSTANCE = new LogSoftmax();

    /// Log-softmax over the last axis.
    public static Tensor logSoftmax(Tensor x) {
        return Interpreter.run(INSTANCE, x);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "logSoftmax", in);
        Check.isFloat("logSoftmax", in);
        Check.axis(-1, "logSoftmax", in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor z = in[0].sub(in[0].max(-1).detach());
        return new Tensor[] {z.sub(z.exp().sum(-1).log())};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {Interpreter.run(LogSoftmaxBackward.INSTANCE, out[0], g[0])};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.outputs(0);
    }
}
