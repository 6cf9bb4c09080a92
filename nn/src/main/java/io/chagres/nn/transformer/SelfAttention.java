package io.chagres.nn.transformer;

import io.chagres.nn.layer.Linear;
import io.chagres.tensor.Tensor;

/// Multi-head attention of a sequence to itself, with fewer key heads than query heads if the
/// projections say so.
///
/// @param q hidden → numHeads · headDim
/// @param k hidden → numKvHeads · headDim
/// @param v hidden → numKvHeads · headDim
/// @param o numHeads · headDim → hidden
/// @param headDim size of a head
/// @param window how many of the newest keys a query sees; 0 for all
public record SelfAttention(Linear q, Linear k, Linear v, Linear o, int headDim, int window) {
    /// Attends over (B, T, hidden).
    public Tensor apply(Tensor x, int layer, Pass pass) {
        Tensor queries = pass.rotate(heads(q.apply(x)));
        Tensor keys = pass.rotate(heads(k.apply(x)));
        Tensor values = heads(v.apply(x));
        Tensor y = pass.attend(layer, queries, keys, values, 1 / Math.sqrt(headDim), window);
        return o.apply(y.reshape(x.dim(0), x.dim(1), o.inFeatures()));
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), -1, headDim);
    }
}
