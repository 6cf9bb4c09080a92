package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// A constant, from no input.
///
/// @param spec dtype and shape
/// @param value every element
public record Full(Spec spec, double value) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(0, "full", in);
        return new Spec[] {spec};
    }

    @Override
    public boolean isDifferentiable() {
        return false;
    }

    /// Zeros.
    public static Tensor zeros(DType dtype, Shape shape) {
        return full(new Spec(dtype, shape), 0);
    }

    /// Zeros like another tensor.
    public static Tensor zerosLike(Tensor t) {
        return full(t.spec(), 0);
    }

    /// Ones like another tensor.
    public static Tensor onesLike(Tensor t) {
        return full(t.spec(), 1);
    }

    /// A scalar.
    public static Tensor scalar(DType dtype, double value) {
        return full(new Spec(dtype, Shape.of()), value);
    }

    /// A constant of any shape.
    public static Tensor full(Spec spec, double value) {
        return Interpreter.run(new Full(spec, value));
    }
}
