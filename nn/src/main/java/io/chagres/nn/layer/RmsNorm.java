package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;

/// Root-mean-square normalisation with scale, which may be stored in BF16 or F16.
///
/// @param weight scale, (C)
/// @param eps added to the mean square
public record RmsNorm(Tensor weight, double eps) implements Norm {
    @Override
    public Tensor apply(Tensor x) {
        return io.chagres.tensor.op.RmsNorm.rmsNorm(x, Norm.like(x, weight), eps);
    }
}
