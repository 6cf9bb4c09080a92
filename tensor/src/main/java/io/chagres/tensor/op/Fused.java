package io.chagres.tensor.op;

import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A composite that states its own gradient, so a tape records it whole.
public interface Fused extends Composite {
    @Override
    @Nullable Tensor[] vjp(Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs);

    @Override
    Reads reads(boolean[] needs);
}
