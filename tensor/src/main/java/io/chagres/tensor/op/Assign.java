package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Overwrites a tensor: dst ← src, in dst's dtype.
///
/// Inputs: dst (written) and src, which broadcasts to dst's shape.
public record Assign() implements Update {
    /// The only instance needed.
    public static final Assign INSTANCE = new Assign();

    /// dst ← src.
    public static void assign(Tensor dst, Tensor src) {
        Interpreter.runAll(INSTANCE, dst, src);
    }

    @Override
    public int[] writes() {
        return new int[] {0};
    }

    @Override
    public void check(Spec... in) {
        Check.arity(2, "assign", in);
        Check.that(
                in[1].shape().broadcastsTo(in[0].shape()),
                "assign",
                "src must broadcast to dst",
                in);
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        return new Tensor[] {in[1].cast(in[0].dtype()).expand(in[0].shape())};
    }
}
