package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// An affine map of the last axis, y = x Wᵀ + b, however W is kept: as one matrix ([Linear]), in 8
/// bits ([Int8Linear]), or as a frozen one with an adapter around it. Models ask for no more.
public interface Projection {
    /// x Wᵀ for x (…, in): the map without its bias.
    Tensor product(Tensor x);

    /// b, (out), or null.
    @Nullable Tensor bias();

    /// W, (out, in): as it is kept, or computed by this call.
    Tensor matrix();

    /// Size of the input's last axis.
    long inFeatures();

    /// Size of the result's last axis.
    long outFeatures();

    /// Applies the layer to (…, in).
    default Tensor apply(Tensor x) {
        Tensor y = product(x);
        Tensor b = bias();
        return b == null ? y : y.add(Norm.like(y, b));
    }
}
