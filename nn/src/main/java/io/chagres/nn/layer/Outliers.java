package io.chagres.nn.layer;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Gather;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.ScatterAdd;
import java.util.Arrays;

/// Columns of a matrix of 8 bits that are kept as floats, because what they are multiplied with, or
/// they themselves, are much larger than the others and would take all of the 8 bits' range.
/// Dettmers et al. 2022, arXiv:2208.07339.
///
/// @param columns which, I32 (k), ascending
/// @param weight the columns, BF16 (out, k)
/// @param rest 1 for all other columns and 0 for these, F32 (in)
public record Outliers(Buffer columns, Buffer weight, Buffer rest) {
    /// Columns with their values.
    ///
    /// @param columns which, ascending
    /// @param values (out, k)
    /// @param in number of columns of the matrix
    public static Outliers of(int[] columns, Tensor values, long in, TensorArena weights) {
        float[] rest = new float[Math.toIntExact(in)];
        Arrays.fill(rest, 1);
        for (int c : columns) {
            rest[c] = 0;
        }
        return new Outliers(
                new Buffer(Tensor.of(weights, Shape.of(columns.length), columns)),
                new Buffer(values),
                new Buffer(Tensor.of(weights, Shape.of(in), rest)));
    }

    /// The columns of a matrix (out, in) as BF16.
    public static Tensor pick(Tensor matrix, int[] columns, TensorArena weights) {
        int out = Math.toIntExact(matrix.dim(0));
        float[] row = new float[Math.toIntExact(matrix.dim(1))];
        float[] picked = new float[columns.length];
        Tensor all = Tensor.empty(weights, new Spec(DType.BF16, Shape.of(out, columns.length)));
        for (int r = 0; r < out; r++) {
            TensorData.read(matrix.viewAs(matrix.layout().slice(0, r, 1, 1)), row);
            for (int i = 0; i < columns.length; i++) {
                picked[i] = row[columns[i]];
            }
            TensorData.set(all.viewAs(all.layout().slice(0, r, 1, 1)), picked);
        }
        return all;
    }

    /// x with zeros in place of what these columns are multiplied with.
    Tensor without(Tensor x) {
        return x.mul(Norm.like(x, rest.value()));
    }

    /// Their part of x Wᵀ: (…, in) → (…, out).
    Tensor product(Tensor x) {
        Tensor rows = x.reshape(-1, x.shape().last());
        long k = columns.value().dim(0);
        Tensor index = columns.value().reshape(1, k).expand(Shape.of(rows.dim(0), k));
        Tensor picked = Gather.gather(rows, index.contiguous(), 1);
        Tensor y = Linear.linear(picked, weight.value(), null);
        return y.reshape(x.shape().with(-1, y.dim(1)));
    }

    /// A matrix (out, in) with these columns in it.
    Tensor into(Tensor matrix) {
        long k = columns.value().dim(0);
        Tensor index = columns.value().reshape(1, k).expand(Shape.of(matrix.dim(0), k));
        Tensor values = weight.value().cast(matrix.dtype());
        Tensor own = ScatterAdd.scatterAdd(values, index.contiguous(), 1, matrix.dim(1));
        Tensor zero = Full.scalar(matrix.dtype(), 0);
        Tensor others = rest.value().reshape(1, -1).expand(matrix.shape());
        return others.compare(io.chagres.tensor.op.Compare.GT, zero).select(matrix, own);
    }
}
