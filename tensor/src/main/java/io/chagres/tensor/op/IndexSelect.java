package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Looks rows up in a table, as an embedding does: table (N, …), index (any shape) → index.shape +
/// (…). Indices outside 0 … N-1 are an error.
public record IndexSelect() implements Primitive {
    /// The only instance needed.
    public static final IndexSelect INSTANCE = new IndexSelect();

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "indexSelect", in);
        Check.isIndex(1, "indexSelect", in);
        Check.axis(0, "indexSelect", in);
        Shape s = in[1].shape();
        for (int i = 1; i < in[0].shape().rank(); i++) {
            s = s.insert(s.rank(), in[0].shape().dim(i));
        }
        return new Spec[] {in[0].as(s)};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {IndexAdd.indexAdd(g[0], in[1], in[0].dim(0)), null};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(1);
    }

    /// Rows of `table` by index.
    public static Tensor indexSelect(Tensor table, Tensor index) {
        return Interpreter.run(INSTANCE, table, index);
    }
}
