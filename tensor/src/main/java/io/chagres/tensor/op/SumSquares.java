package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Sum of the squares of all elements of all inputs, as an F64 scalar: the square of a global norm.
///
/// Inputs: any number of float tensors.
public record SumSquares() implements Composite {
    /// The only instance needed.
    public static final SumSquares INSTANCE = new SumSquares();

    /// Σ x² over everything.
    public static Tensor sumSquares(Tensor... all) {
        return Interpreter.run(INSTANCE, all);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.that(in.length > 0, "sumSquares", "needs an input", in);
        for (Spec s : in) {
            Check.isFloat("sumSquares", s);
        }
        return new Spec[] {new Spec(DType.F64, Shape.of())};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor sum = Full.scalar(DType.F64, 0);
        for (Tensor t : in) {
            sum = sum.add(t.cast(DType.F64).square().sum());
        }
        return new Tensor[] {sum};
    }
}
