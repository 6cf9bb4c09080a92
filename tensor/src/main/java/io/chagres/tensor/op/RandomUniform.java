package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Uniform numbers in [0, 1), F32, from the counter-based generator Philox4x32-10: element i takes
/// lane i mod 4 of block i / 4 of the stream (seed, offset), u = (bits >>> 8) · 2⁻²⁴. The same
/// stream gives the same numbers on every device.
///
/// Input: the stream, I64 of shape (2): seed and offset.
///
/// @param shape shape of the result
public record RandomUniform(Shape shape) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "randomUniform", in);
        Check.that(in[0].dtype() == DType.I64, "randomUniform", "the stream must be I64 (2)", in);
        Check.shape(0, Shape.of(2), "randomUniform", in);
        return new Spec[] {new Spec(DType.F32, shape)};
    }

    @Override
    public boolean isDifferentiable() {
        return false;
    }

    /// Numbers of the stream.
    public static Tensor uniform(Tensor stream, Shape shape) {
        return Interpreter.run(new RandomUniform(shape), stream);
    }
}
