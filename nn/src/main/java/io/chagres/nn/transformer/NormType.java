package io.chagres.nn.transformer;

/// Kinds of normalisation.
public enum NormType {
    /// `x / √(mean(x²) + eps) * weight`
    RMS_NORM,
    /// `(x - mean(x)) / √(var(x) + eps) * weight + bias`
    LAYER_NORM
}
