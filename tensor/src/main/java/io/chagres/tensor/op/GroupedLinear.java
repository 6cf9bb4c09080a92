package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A linear map of its own for each group of rows: y_r = x_r W_eᵀ for the rows `offsets[e] ≤ r <
/// offsets[e + 1]`, and 0 for rows outside every group. This is how the experts of a mixture work
/// on the tokens that chose them.
///
/// Inputs: x (R, in), W (E, out, in) in x's dtype, or in BF16 or F16 where x is F32, and offsets
/// I32 (E + 1), ascending from 0 … R. Result: (R, out).
public record GroupedLinear() implements Fused {
    /// The only instance needed.
    public static final GroupedLinear INSTANCE = new GroupedLinear();

    /// y_r = x_r W_eᵀ.
    public static Tensor groupedLinear(Tensor x, Tensor weight, Tensor offsets) {
        return Interpreter.run(INSTANCE, x, weight, offsets);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(3, "groupedLinear", in);
        Check.isFloat("groupedLinear", in);
        Shape x = in[0].shape();
        Shape w = in[1].shape();
        Check.that(
                x.rank() == 2 && w.rank() == 3 && w.dim(2) == x.dim(1),
                "groupedLinear",
                "needs x (R, in) and W (E, out, in)",
                in);
        DType stored = in[1].dtype();
        Check.that(
                stored == in[0].dtype()
                        || (in[0].dtype() == DType.F32
                                && (stored == DType.BF16 || stored == DType.F16)),
                "groupedLinear",
                "needs one dtype, or x in F32 and W in BF16 or F16",
                in);
        checkOffsets("groupedLinear", 2, w.dim(0), in);
        return new Spec[] {in[0].as(Shape.of(x.dim(0), w.dim(1)))};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        long rows = in[0].dim(0);
        long out = in[1].dim(1);
        Tensor y = Full.zeros(in[0].dtype(), Shape.of(rows, out));
        for (long e = 0; e < in[1].dim(0); e++) {
            Tensor w = in[1].slice(0, e, 1).reshape(out, in[1].dim(2)).cast(in[0].dtype());
            y = member(in[2], e, rows).select(in[0].matmul(w.transpose()), y);
        }
        return new Tensor[] {y};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor dy = g[0];
        Tensor[] d = new Tensor[3];
        if (needs[0]) {
            d[0] = groupedLinear(dy, in[1].transpose(), in[2]);
        }
        if (needs[1]) {
            d[1] = Interpreter.run(new GroupedOuter(), dy, in[0], in[2]).cast(in[1].dtype());
        }
        return d;
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(2).andInput(0, needs[1]).andInput(1, needs[0]);
    }

    static void checkOffsets(String op, int input, long groups, Spec... in) {
        Check.that(
                groups < 0
                        ? in[input].dtype() == DType.I32
                                && in[input].shape().rank() == 1
                                && in[input].shape().dim(0) >= 2
                        : in[input].equals(new Spec(DType.I32, Shape.of(groups + 1))),
                op,
                "offsets must be I32 (E + 1)",
                in);
    }

    /// Whether each row is of a group, BOOL (rows, 1).
    static Tensor member(Tensor offsets, long group, long rows) {
        Tensor row = Iota.range(rows).reshape(rows, 1);
        Tensor from = offsets.slice(0, group, 1).reshape(1, 1);
        Tensor to = offsets.slice(0, group + 1, 1).reshape(1, 1);
        return row.compare(Compare.GE, from).mul(row.compare(Compare.LT, to));
    }
}
