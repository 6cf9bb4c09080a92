package io.chagres.nn.attention;

import io.chagres.nn.layer.Projection;
import io.chagres.nn.layer.RmsNorm;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Multi-head attention of a sequence to itself, with fewer key heads than query heads if the
/// projections say so.
///
/// @param q hidden → numHeads · headDim
/// @param k hidden → numKvHeads · headDim
/// @param v hidden → numKvHeads · headDim
/// @param o numHeads · headDim → hidden
/// @param qNorm normalises each query head before rotation; null for none
/// @param kNorm normalises each key head before rotation; null for none
/// @param headDim size of a head
/// @param window how many of the newest keys a query sees; 0 for all
public record SelfAttention(
        Projection q,
        Projection k,
        Projection v,
        Projection o,
        @Nullable RmsNorm qNorm,
        @Nullable RmsNorm kNorm,
        int headDim,
        int window)
        implements AttentionLayer {
    @Override
    public Tensor apply(Tensor x, int layer, AttentionContext context) {
        Tensor queries = context.rotate(normal(qNorm, heads(q.apply(x))));
        Tensor keys = context.rotate(normal(kNorm, heads(k.apply(x))));
        Tensor values = heads(v.apply(x));
        Tensor y = context.attend(layer, queries, keys, values, 1 / Math.sqrt(headDim), window);
        return o.apply(y.reshape(x.dim(0), x.dim(1), o.inFeatures()));
    }

    private static Tensor normal(@Nullable RmsNorm norm, Tensor x) {
        return norm == null ? x : norm.apply(x);
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), -1, headDim);
    }
}
