package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Affine map of the last axis: y = x Wᵀ + b. Parameters stored in BF16 or F16 act on an F32 x as if
/// they were widened, without being so.
///
/// @param weight W, (out, in)
/// @param bias b, (out), or null
public record Linear(Tensor weight, @Nullable Tensor bias) {
    /// Applies the layer to (…, in).
    public Tensor apply(Tensor x) {
        return io.chagres.tensor.op.Linear.linear(x, weight, bias);
    }

    /// Size of the input's last axis.
    public long inFeatures() {
        return weight.dim(1);
    }

    /// Size of the result's last axis.
    public long outFeatures() {
        return weight.dim(0);
    }
}
