package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The masked scores of attention in plain tensor maths, which defines what the kernels compute.
///
/// @param scores scale · q kᵀ with masks applied, (B, H, T, S); -∞ where a query must not look
/// @param keep dropout's factors, 0 or 1/(1 - p); null without dropout
record AttentionScores(Tensor scores, @Nullable Tensor keep) {
    static AttentionScores of(Attention op, Tensor q, Tensor k, @Nullable Tensor[] extras) {
        Shape rows = Shape.of(q.dim(0), q.dim(2), q.dim(1), q.dim(3));
        Tensor s = q.permute(0, 2, 1, 3).matmul(keys(k, q).transpose()).scale(op.scale());
        Tensor minus = Full.scalar(s.dtype(), Double.NEGATIVE_INFINITY);
        Tensor mask = extras[0];
        if (mask != null) {
            s = mask.dtype() == DType.BOOL ? mask.select(s, minus) : s.add(mask);
        }
        Tensor allowed = allowed(op, rows.dim(2), k.dim(1), extras[1]);
        if (allowed != null) {
            s = allowed.select(s, minus);
        }
        Tensor stream = extras[2];
        if (stream == null) {
            return new AttentionScores(s, null);
        }
        Tensor u = RandomUniform.uniform(stream, s.shape());
        Tensor kept = u.compare(Compare.GE, Full.scalar(DType.F32, op.dropout()));
        Tensor factor = Full.scalar(s.dtype(), 1 / (1 - op.dropout()));
        return new AttentionScores(s, kept.select(factor, Full.zerosLike(s)));
    }

    /// Weights after dropout.
    Tensor dropped(Tensor p) {
        return keep == null ? p : p.mul(keep);
    }

    /// k or v (B, S, Hkv, D) as (B, H, S, D), heads repeated for each query of their group.
    static Tensor keys(Tensor k, Tensor q) {
        long groups = q.dim(2) / k.dim(2);
        Tensor heads = k.permute(0, 2, 1, 3);
        if (groups == 1) {
            return heads;
        }
        Shape one = heads.shape().insert(2, 1);
        return heads.reshape(one)
                .expand(one.with(2, groups))
                .reshape(k.dim(0), q.dim(2), k.dim(1), k.dim(3));
    }

    /// (B, H, T, D) as a contiguous (B, T, H, D).
    static Tensor toQueries(Tensor o, Tensor q) {
        return o.permute(0, 2, 1, 3).contiguous().reshape(q.dim(0), q.dim(1), q.dim(2), o.dim(3));
    }

    private static @Nullable Tensor allowed(
            Attention op, long queries, long keys, @Nullable Tensor cu) {
        if (!op.causal() && op.window() == 0 && cu == null) {
            return null;
        }
        Tensor t = Iota.range(queries).reshape(queries, 1);
        Tensor s = Iota.range(keys).reshape(1, keys);
        Tensor last = t.shift(keys - queries); // the newest key this query may see
        Tensor ok = Full.full(new Spec(DType.BOOL, Shape.of(queries, keys)), 1);
        if (op.causal()) {
            ok = ok.mul(s.compare(Compare.LE, last));
        }
        if (op.window() > 0) {
            ok = ok.mul(s.compare(Compare.GT, last.shift(-op.window())));
        }
        if (cu != null) {
            Tensor ends = cu.slice(0, 1, cu.dim(0) - 1).reshape(1, -1);
            Tensor of = t.compare(Compare.GE, ends).cast(DType.I32).sum(1); // sequence of a token
            ok = ok.mul(of.compare(Compare.EQ, of.transpose()));
        }
        return ok;
    }
}
