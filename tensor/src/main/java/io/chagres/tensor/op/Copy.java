package io.chagres.tensor.op;

import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The same values, row-major. The one primitive whose output a backend must accept in any layout.
public record Copy() implements Primitive {
    /// The only instance needed.
    public static final Copy INSTANCE = new Copy();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "copy", in);
        return new Spec[] {in[0]};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {g[0]};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE;
    }
}
