package io.chagres.nn.moe;

import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Sees what routers decide during a forward pass.
@FunctionalInterface
public interface RouterObserver {
    /// Called by each mixture. What it is shown is freed afterwards.
    ///
    /// @param layer which layer of the model
    /// @return a scalar to be added to the training loss, or null
    @Nullable Tensor routed(int layer, Routed routed);
}
