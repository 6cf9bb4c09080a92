package io.chagres.tests.cases;

import io.chagres.tensor.DType;

/// Largest error allowed, as a part of the result's largest magnitude, against the decomposition in
/// double precision on the same (already rounded) inputs.
///
/// @param f64 when F64 is under test
/// @param f32 when F32 is
/// @param bf16 when BF16 is
/// @param f16 when F16 is
public record Tolerance(double f64, double f32, double bf16, double f16) {
    /// Bits are moved or compared: no error at all.
    public static final Tolerance EXACT = new Tolerance(0, 0, 0, 0);

    /// One rounding of the result.
    public static final Tolerance ROUNDED = new Tolerance(1e-13, 3e-7, 4e-3, 5e-4);

    /// A short chain of rounded steps.
    public static final Tolerance CHAIN = new Tolerance(1e-12, 2e-6, 3e-2, 4e-3);

    /// A long chain, or one that cancels.
    public static final Tolerance LONG = new Tolerance(1e-11, 1e-5, 8e-2, 1e-2);

    /// The tolerance for a dtype under test.
    public double of(DType tested) {
        return switch (tested) {
            case F64 -> f64;
            case F32 -> f32;
            case BF16 -> bf16;
            case F16 -> f16;
            case I8, I32, I64, BOOL -> 0;
        };
    }
}
