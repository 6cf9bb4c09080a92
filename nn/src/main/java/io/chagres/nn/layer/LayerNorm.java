package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;

/// Layer normalisation with scale and shift, which may be stored in BF16 or F16.
///
/// @param weight scale, (C)
/// @param bias shift, (C)
/// @param eps added to the variance
public record LayerNorm(Tensor weight, Tensor bias, double eps) implements Norm {
    @Override
    public Tensor apply(Tensor x) {
        return io.chagres.tensor.op.LayerNorm.layerNorm(
                x, Norm.like(x, weight), Norm.like(x, bias), eps);
    }
}
