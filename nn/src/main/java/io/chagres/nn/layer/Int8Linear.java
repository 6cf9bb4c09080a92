package io.chagres.nn.layer;

import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Int8LinearDynamic;
import org.jspecify.annotations.Nullable;

/// Affine map of the last axis by a frozen matrix of 8 bits, W = q · scale with a scale per row or
/// per group of one. What goes through it has a gradient, the matrix has none.
///
/// @param weight q, I8 (out, in)
/// @param scale F32 (out), or (out, in / group) for one per group of a row
/// @param bias b, (out), or null
/// @param dynamic whether inputs are rounded to 8 bits too, each token by its own scale (W8A8)
/// @param outliers columns that are kept as floats; null for none
public record Int8Linear(
        Buffer weight,
        Buffer scale,
        @Nullable Tensor bias,
        boolean dynamic,
        @Nullable Outliers outliers)
        implements Projection {
    /// A layer whose inputs stay floats.
    public Int8Linear(Buffer weight, Buffer scale, @Nullable Tensor bias) {
        this(weight, scale, bias, false, null);
    }

    @Override
    public Tensor product(Tensor x) {
        Outliers columns = outliers;
        return columns == null ? rounded(x) : rounded(columns.without(x)).add(columns.product(x));
    }

    private Tensor rounded(Tensor x) {
        Tensor q = weight.value();
        Tensor s = scale.value();
        return dynamic
                ? Int8LinearDynamic.int8LinearDynamic(x, q, s, null)
                : io.chagres.tensor.op.Int8Linear.int8Linear(x, q, s, null);
    }

    @Override
    public Tensor matrix() {
        Tensor w =
                io.chagres.tensor.op.Int8Linear.dequantize(
                        weight.value(), scale.value(), DType.F32);
        Outliers columns = outliers;
        return columns == null ? w : columns.into(w);
    }

    @Override
    public long inFeatures() {
        return weight.value().dim(1);
    }

    @Override
    public long outFeatures() {
        return weight.value().dim(0);
    }
}
