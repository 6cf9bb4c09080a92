package io.chagres.tensor;

/// Element types. Each knows its width and what kind of number it holds.
public enum DType {
    /// IEEE 754 double precision.
    F64(8, Kind.FLOAT),
    /// IEEE 754 single precision.
    F32(4, Kind.FLOAT),
    /// bfloat16: the upper half of an F32.
    BF16(2, Kind.FLOAT),
    /// IEEE 754 half precision.
    F16(2, Kind.FLOAT),
    /// Signed 8-bit integer.
    I8(1, Kind.INTEGER),
    /// Signed 32-bit integer.
    I32(4, Kind.INTEGER),
    /// Signed 64-bit integer.
    I64(8, Kind.INTEGER),
    /// One byte per truth value, 0 or 1.
    BOOL(1, Kind.BOOLEAN);

    private enum Kind {
        FLOAT,
        INTEGER,
        BOOLEAN
    }

    private final int bytes;
    private final Kind kind;

    DType(int bytes, Kind kind) {
        this.bytes = bytes;
        this.kind = kind;
    }

    /// Width of one element in bytes.
    public int bytes() {
        return bytes;
    }

    /// Whether gradients can flow through values of this type.
    public boolean isFloat() {
        return kind == Kind.FLOAT;
    }

    /// The type in which sums and logarithms of such values are kept: F32 for BF16 and F16, which
    /// have too few digits for them, and this one for all others.
    public DType wide() {
        return this == BF16 || this == F16 ? F32 : this;
    }

    /// Whether this is BF16 or F16.
    public boolean isNarrow() {
        return wide() != this;
    }

    /// Whether this is a whole number (not a truth value).
    public boolean isInteger() {
        return kind == Kind.INTEGER;
    }
}
