package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The k largest elements of the last axis, largest first, and their indices (I32). Of equal
/// elements the one with the lower index comes first.
///
/// @param k how many
public record TopK(int k) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(1, "topK", in);
        Check.axis(-1, "topK", in);
        Check.that(
                k >= 1 && k <= in[0].shape().last(), "topK", "1 <= k=" + k + " <= last axis", in);
        Shape s = in[0].shape().with(-1, k);
        return new Spec[] {in[0].as(s), new Spec(DType.I32, s)};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        int last = in[0].shape().rank() - 1;
        Tensor flow = g[0];
        return new Tensor[] {
            flow == null ? null : ScatterAdd.scatterAdd(flow, out[1], last, in[0].dim(last))
        };
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.outputs(1);
    }

    /// Values and indices of the k largest.
    public static Tensor[] topK(Tensor x, int k) {
        return Interpreter.runAll(new TopK(k), x);
    }
}
