package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// 0, 1, 2, … along one axis, from no input.
///
/// @param spec dtype (I32, I64 or a float) and shape
/// @param axis the axis that counts, from the front
public record Iota(Spec spec, int axis) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(0, "iota", in);
        Check.axis(axis, "iota", spec);
        Check.that(spec.dtype() != DType.BOOL && spec.dtype() != DType.I8, "iota", "dtype", spec);
        return new Spec[] {spec};
    }

    @Override
    public boolean isDifferentiable() {
        return false;
    }

    /// 0 … n-1 as a vector of I32.
    public static Tensor range(long n) {
        return Interpreter.run(new Iota(new Spec(DType.I32, Shape.of(n)), 0));
    }
}
