package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Adds into a tensor: dst ← dst + k · src, rounded to dst's dtype.
///
/// Inputs: dst (written) and src of one shape.
///
/// @param k factor
public record Accumulate(double k) implements Update {
    /// dst ← dst + src.
    public static void accumulate(Tensor dst, Tensor src) {
        Interpreter.runAll(new Accumulate(1), dst, src);
    }

    @Override
    public int[] writes() {
        return new int[] {0};
    }

    @Override
    public void check(Spec... in) {
        Check.arity(2, "accumulate", in);
        Check.shape(1, in[0].shape(), "accumulate", in);
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor src = in[1].cast(in[0].dtype());
        return new Tensor[] {in[0].add(k == 1 ? src : src.scale(k))};
    }
}
