package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Affine map of the last axis: y = x Wᵀ + b. Parameters stored in BF16 or F16 act on an F32 x as
/// if they were widened, without being so.
///
/// @param weight W, (out, in)
/// @param bias b, (out), or null
public record Linear(Tensor weight, @Nullable Tensor bias) implements Projection {
    /// Applies the layer to (…, in).
    @Override
    public Tensor apply(Tensor x) {
        return io.chagres.tensor.op.Linear.linear(x, weight, bias);
    }

    @Override
    public Tensor product(Tensor x) {
        return io.chagres.tensor.op.Linear.linear(x, weight, null);
    }

    @Override
    public Tensor matrix() {
        return weight;
    }

    @Override
    public long inFeatures() {
        return weight.dim(1);
    }

    @Override
    public long outFeatures() {
        return weight.dim(0);
    }
}
