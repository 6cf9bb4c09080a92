package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Inverted dropout: each element is zeroed with probability p, the others are scaled by 1/(1 - p).
/// The mask is [RandomUniform] of the stream, u ≥ p keeps, so the gradient draws the same mask
/// again and nothing is stored. Srivastava et al. 2014.
///
/// Inputs: x and the stream, I64 (2).
///
/// @param p probability of zero, 0 ≤ p < 1
public record Dropout(double p) implements Fused {
    /// Checks p.
    public Dropout {
        if (!(p >= 0 && p < 1)) {
            throw new IllegalArgumentException("dropout: p must be in [0, 1), got " + p);
        }
    }

    /// Drops elements of x.
    public static Tensor dropout(Tensor x, Tensor stream, double p) {
        return p == 0 ? x : Interpreter.run(new Dropout(p), x, stream);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "dropout", in);
        Check.isFloat("dropout", in);
        Check.that(in[1].dtype() == DType.I64, "dropout", "the stream must be I64 (2)", in);
        Check.shape(1, Shape.of(2), "dropout", in);
        return new Spec[] {in[0]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor u = RandomUniform.uniform(in[1], in[0].shape());
        Tensor keep = u.compare(Compare.GE, Full.scalar(DType.F32, p));
        Tensor y = keep.select(in[0].scale(1 / (1 - p)), Full.zerosLike(in[0]));
        return new Tensor[] {y};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {Interpreter.run(this, g[0], in[1]), null};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(1);
    }
}
