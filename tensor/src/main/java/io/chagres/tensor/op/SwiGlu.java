package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Gated unit of Llama's MLP: y = silu(gate) · up. Shazeer 2020, arXiv:2002.05202.
public record SwiGlu() implements Fused {
    /// The only instance needed.
    public static final SwiGlu INSTANCE = new SwiGlu();

    /// silu(gate) · up.
    public static Tensor swiGlu(Tensor gate, Tensor up) {
        return Interpreter.run(INSTANCE, gate, up);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "swiGlu", in);
        Check.isFloat("swiGlu", in);
        Check.that(in[0].equals(in[1]), "swiGlu", "gate and up must be alike", in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        return new Tensor[] {in[0].mul(in[0].sigmoid()).mul(in[1])};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return Interpreter.runAll(SwiGluBackward.INSTANCE, in[0], in[1], g[0]);
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(0, 1);
    }
}
