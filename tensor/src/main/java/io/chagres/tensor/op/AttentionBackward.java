package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;

/// Gradient of [Attention], recomputing the weights from the saved log-sum-exp: with p = exp(s -
/// lse), dv = pᵀg, dp = g vᵀ, ds = p · (dp - Σ g·o) · scale, dq = ds k, dk = dsᵀ q. Key heads sum
/// over the queries of their group.
///
/// Inputs: q, k, v, o, lse (in F32 when the others are BF16 or F16), g, then the optional inputs of [Attention]. Results: dq, dk, dv.
///
/// @param forward the operation differentiated
public record AttentionBackward(Attention forward) implements Composite {
    private static final int FIRST_EXTRA = 6;

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(FIRST_EXTRA + forward.extras(), "attentionBackward", in);
        forward.checkQkv("attentionBackward", in);
        forward.checkExtras("attentionBackward", FIRST_EXTRA, in);
        Shape q = in[0].shape();
        Shape o = q.with(-1, in[2].shape().last());
        Check.shape(3, o, "attentionBackward", in);
        Check.shape(4, Shape.of(q.dim(0), q.dim(2), q.dim(1)), "attentionBackward", in);
        Check.shape(5, o, "attentionBackward", in);
        Check.sameDType("attentionBackward", in[0], in[3], in[5]);
        Check.that(
                in[4].dtype() == in[0].dtype().wide(),
                "attentionBackward",
                "lse must be " + in[0].dtype().wide(),
                in);
        return new Spec[] {in[0], in[1], in[2]};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        DType dtype = in[0].dtype();
        if (dtype.isNarrow()) {
            Tensor[] d = decompose(Attention.widened(in));
            return new Tensor[] {d[0].cast(dtype), d[1].cast(dtype), d[2].cast(dtype)};
        }
        Tensor q = in[0];
        Tensor k = in[1];
        Tensor v = in[2];
        AttentionScores s = AttentionScores.of(forward, q, k, forward.extras(in, FIRST_EXTRA));
        Tensor lse = in[4].reshape(in[4].shape().insert(3, 1));
        Tensor empty = Full.scalar(lse.dtype(), Double.NEGATIVE_INFINITY);
        Tensor shift = lse.compare(Compare.EQ, empty).select(Full.zerosLike(lse), lse);
        Tensor p = s.scores().sub(shift).exp();
        Tensor g = in[5].permute(0, 2, 1, 3);
        Tensor o = in[3].permute(0, 2, 1, 3);
        Tensor dv = s.dropped(p).transpose().matmul(g);
        Tensor dp = s.dropped(g.matmul(AttentionScores.keys(v, q).transpose()));
        Tensor ds = p.mul(dp.sub(g.mul(o).sum(-1))).scale(forward.scale());
        Tensor dq = ds.matmul(AttentionScores.keys(k, q));
        Tensor dk = ds.transpose().matmul(q.permute(0, 2, 1, 3));
        return new Tensor[] {
            AttentionScores.toQueries(dq, q), perKeyHead(dk, k), perKeyHead(dv, v)
        };
    }

    private static Tensor perKeyHead(Tensor d, Tensor k) {
        long heads = k.dim(2);
        Tensor grouped = d.reshape(k.dim(0), heads, d.dim(1) / heads, k.dim(1), k.dim(3)).sum(2);
        Tensor one = grouped.reshape(k.dim(0), heads, k.dim(1), k.dim(3));
        return one.permute(0, 2, 1, 3).contiguous();
    }
}
