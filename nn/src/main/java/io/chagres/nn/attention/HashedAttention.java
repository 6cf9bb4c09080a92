package io.chagres.nn.attention;

import io.chagres.nn.attention.lsh.Lsh;
import io.chagres.nn.layer.Projection;
import io.chagres.tensor.Tensor;

/// Multi-head attention of a sequence to itself by locality-sensitive hashing: one projection makes
/// the vectors that are queries and, at unit length, keys. Kitaev et al. 2020, arXiv:2001.04451.
///
/// Against a cache every earlier token is seen: with few queries hashing saves nothing, and what
/// hashing approximates is attention in full.
///
/// @param qk hidden → numHeads · headDim
/// @param v hidden → numHeads · headDim
/// @param o numHeads · headDim → hidden
/// @param headDim size of a head
/// @param lsh how tokens find each other
public record HashedAttention(Projection qk, Projection v, Projection o, int headDim, Lsh lsh)
        implements AttentionLayer {
    @Override
    public Tensor apply(Tensor x, int layer, AttentionContext context) {
        Tensor vectors = context.rotate(heads(qk.apply(x)));
        Tensor y = context.attendHashed(layer, vectors, heads(v.apply(x)), lsh);
        return o.apply(y.reshape(x.dim(0), x.dim(1), o.inFeatures()));
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), -1, headDim);
    }
}
