package io.chagres.nn.adapter;

import io.chagres.nn.layer.Buffer;
import io.chagres.nn.transformer.DropoutStreams;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Dropout;
import io.chagres.tensor.op.Linear;
import org.jspecify.annotations.Nullable;

/// A product of two narrow matrices, scale · B A, or some rows of it.
///
/// @param a A, (rank, in)
/// @param b B, (all rows, rank)
/// @param from first row
/// @param rows number of rows
/// @param scale factor
/// @param drop what x goes through in training; null for nothing
public record LowRank(Tensor a, Tensor b, long from, long rows, double scale, @Nullable Drop drop) {
    /// Dropout whose randomness is given from outside, so that a step can be repeated.
    ///
    /// @param p probability of dropping
    /// @param stream I64 (2), set before each forward pass
    /// @param use which use of the stream this is
    public record Drop(double p, Buffer stream, long use) {
        /// Drops elements of x.
        Tensor apply(Tensor x) {
            return Dropout.dropout(x, DropoutStreams.nth(stream.value(), use), p);
        }
    }

    /// x, with elements dropped in training.
    Tensor dropped(Tensor x) {
        Drop d = drop;
        return d == null ? x : d.apply(x);
    }

    /// scale · (x Aᵀ) Bᵀ: (…, in) → (…, rows).
    Tensor apply(Tensor x) {
        Tensor narrow = Linear.linear(x, a, null);
        return Linear.linear(scale == 1 ? narrow : narrow.scale(scale), someB(), null);
    }

    /// scale · B A, (rows, in).
    Tensor matrix() {
        return someB().matmul(a).scale(scale);
    }

    /// Squared length of each row of W + scale · B A, (rows), without making the matrix: that of W,
    /// plus 2 scale (W Aᵀ) · B, plus scale² (B (A Aᵀ)) · B. Nothing flows back through it.
    ///
    /// @param squares those of W, (rows)
    /// @param wa A Wᵀ, (rank, rows)
    Tensor rowSquares(Tensor squares, Tensor wa) {
        Tensor frozenA = a.detach();
        Tensor frozenB = someB().detach();
        Tensor cross = wa.transpose().scale(2 * scale);
        Tensor own = frozenB.matmul(frozenA.matmul(frozenA.transpose())).scale(scale * scale);
        return squares.add(cross.add(own).mul(frozenB).sum(1).reshape(squares.shape()));
    }

    /// The rows of B that count.
    Tensor someB() {
        return rows == b.dim(0) ? b : b.slice(0, from, rows);
    }
}
