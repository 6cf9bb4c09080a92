package example;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Fused;
import io.chagres.tensor.op.Reads;

/** A custom op: y = ln(1 + exp(kx)) / k, with its gradient dy/dx = sigmoid(kx). */
record Softplus(double k) implements Fused {
    static Tensor softplus(Tensor x, double k) {
        return Interpreter.run(new Softplus(k), x);
    }

    @Override
    public Spec[] infer(Spec... in) {
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        return new Tensor[] {in[0].scale(k).exp().shift(1).log().scale(1 / k)};
    }

    @Override
    public Tensor[] vjp(Tensor[] in, Tensor[] out, Tensor[] g, boolean[] needs) {
        return new Tensor[] {g[0].mul(in[0].scale(k).sigmoid())};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(0);
    }
}
