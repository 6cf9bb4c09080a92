package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;
import java.util.Locale;

/// Element-wise comparisons of two tensors of one dtype, broadcasting; the result is BOOL. With NaN
/// only NE holds.
public enum Compare implements Primitive {
    /// a = b.
    EQ,
    /// a ≠ b.
    NE,
    /// a < b.
    LT,
    /// a ≤ b.
    LE,
    /// a > b.
    GT,
    /// a ≥ b.
    GE;

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, toString(), in);
        Check.sameDType(toString(), in);
        return new Spec[] {new Spec(DType.BOOL, Check.broadcast(toString(), in))};
    }

    @Override
    public boolean isDifferentiable() {
        return false;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
