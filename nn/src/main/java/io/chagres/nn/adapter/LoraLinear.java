package io.chagres.nn.adapter;

import io.chagres.nn.layer.Projection;
import io.chagres.tensor.DType;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A frozen map with a low-rank one beside it: y = x Wᵀ + b + scale · (x Aᵀ) Bᵀ.
///
/// @param base the frozen map
/// @param low what is trained
public record LoraLinear(Projection base, LowRank low) implements Projection {
    @Override
    public Tensor apply(Tensor x) {
        return Scope.of(() -> base.apply(x).add(low.apply(low.dropped(x))));
    }

    @Override
    public Tensor product(Tensor x) {
        return Scope.of(() -> base.product(x).add(low.apply(low.dropped(x))));
    }

    @Override
    public @Nullable Tensor bias() {
        return base.bias();
    }

    @Override
    public Tensor matrix() {
        return base.matrix().cast(DType.F32).add(low.matrix());
    }

    @Override
    public long inFeatures() {
        return base.inFeatures();
    }

    @Override
    public long outFeatures() {
        return base.outFeatures();
    }
}
