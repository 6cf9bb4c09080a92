package io.chagres.tensor.op;

import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Matrix product over the last two axes: (…, M, K) · (…, K, N) → (…, M, N); batch axes broadcast.
/// Any strides are welcome, so transposes are free.
public record MatMul() implements Primitive {
    /// The only instance needed.
    public static final MatMul INSTANCE = new MatMul();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "matmul", in);
        Check.sameDType("matmul", in);
        Check.isFloat("matmul", in);
        Shape a = in[0].shape();
        Shape b = in[1].shape();
        Check.that(
                a.rank() >= 2 && b.rank() >= 2 && a.dim(-1) == b.dim(-2),
                "matmul",
                "needs (…, M, K) and (…, K, N)",
                in);
        if (a.rank() == 2 && b.rank() == 2) {
            return new Spec[] {in[0].as(Shape.of(a.dim(0), b.dim(1)))};
        }
        Spec[] batches = {in[0].as(batch(a)), in[1].as(batch(b))};
        Shape batch = Check.broadcast("matmul", batches);
        int r = batch.rank();
        return new Spec[] {in[0].as(batch.insert(r, a.dim(-2)).insert(r + 1, b.dim(-1)))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor a = in[0];
        Tensor b = in[1];
        Tensor dy = g[0];
        Tensor da = needs[0] ? dy.matmul(b.transpose()).sumTo(a.shape()) : null;
        Tensor db = null;
        if (needs[1] && b.shape().rank() == 2 && a.shape().rank() > 2) {
            Tensor rows = a.reshape(-1, a.dim(-1)); // one product instead of a sum over the batch
            db = rows.transpose().matmul(dy.reshape(-1, dy.dim(-1)));
        } else if (needs[1]) {
            db = a.transpose().matmul(dy).sumTo(b.shape());
        }
        return new Tensor[] {da, db};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.NONE.andInput(0, needs[1]).andInput(1, needs[0]);
    }

    private static Shape batch(Shape s) {
        return s.without(-1).without(-1);
    }
}
