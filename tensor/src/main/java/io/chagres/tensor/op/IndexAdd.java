package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Adds rows into a table of zeros, the transpose of [IndexSelect]: x has shape index.shape + (…),
/// the result (rows, …). Rows with equal indices are added in order of position, whatever the
/// threads.
///
/// @param rows rows of the table
public record IndexAdd(long rows) implements Primitive {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "indexAdd", in);
        Check.isIndex(1, "indexAdd", in);
        Shape x = in[0].shape();
        Shape i = in[1].shape();
        boolean fits = x.rank() >= i.rank();
        for (int a = 0; fits && a < i.rank(); a++) {
            fits = x.dim(a) == i.dim(a);
        }
        Check.that(fits, "indexAdd", "x must have the shape of the index followed by a row's", in);
        Shape s = Shape.of(rows);
        for (int a = i.rank(); a < x.rank(); a++) {
            s = s.insert(s.rank(), x.dim(a));
        }
        return new Spec[] {in[0].as(s)};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new Tensor[] {IndexSelect.indexSelect(g[0], in[1]), null};
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(1);
    }

    /// Sums rows by index into `rows` rows.
    public static Tensor indexAdd(Tensor x, Tensor index, long rows) {
        return Interpreter.run(new IndexAdd(rows), x, index);
    }
}
