package io.chagres.tensor.op;

import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// y = k·x + b, element-wise. For integers k and b are truncated.
///
/// @param k factor
/// @param b summand
public record Affine(double k, double b) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "affine", in);
        return new Spec[] {in[0]};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {g[0].scale(k)};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE;
    }
}
