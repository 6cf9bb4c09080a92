package io.chagres.tensor;

/// What an op needs to know of a value before it exists: its dtype and shape.
///
/// @param dtype element type
/// @param shape sizes
public record Spec(DType dtype, Shape shape) {
    /// Bytes of such a value stored contiguously.
    public long bytes() {
        return Math.multiplyExact(shape.size(), (long) dtype.bytes());
    }

    /// The same shape in another dtype.
    public Spec as(DType other) {
        return new Spec(other, shape);
    }

    /// The same dtype in another shape.
    public Spec as(Shape other) {
        return new Spec(dtype, other);
    }

    @Override
    public String toString() {
        return dtype + shape.toString();
    }
}
