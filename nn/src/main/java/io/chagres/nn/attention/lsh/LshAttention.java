package io.chagres.nn.attention.lsh;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.ArgSort;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.AttentionBackward;
import io.chagres.tensor.op.Check;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Fused;
import io.chagres.tensor.op.IndexAdd;
import io.chagres.tensor.op.Reads;
import org.jspecify.annotations.Nullable;

/// Attention within chunks of sorted tokens, several rounds of sorting combined.
///
/// In round r, token i sees the set S_r(i) of the earlier tokens among those of its chunk and of
/// the chunk before it in that round's order. With o_r the softmax attention over S_r(i) and z_r its
/// log-sum-exp, the result is Σ_r exp(z_r - z) o_r, z = ln Σ_r exp z_r; a key seen in several rounds
/// counts that often. A token that sees nothing in any round sees itself: o = v. With one chunk
/// every round is attention over all earlier tokens, and so is the result. Kitaev et al. 2020,
/// arXiv:2001.04451, equations 3–6.
///
/// Inputs: q, k (B, T, H, D), v (B, T, H, Dv), and order, I32 (B, H, R, T), a permutation of 0 … T-1
/// per round. Results: o (B, T, H, Dv), and z (B, T, H) for the gradient.
///
/// The gradient is that of one softmax over all rounds' scores, with weights exp(s - z): nothing of
/// a single round is kept, so the tape holds what it would for attention in full, and the orders.
///
/// @param scale factor of the scores
/// @param chunkLength tokens of a chunk
record LshAttention(double scale, int chunkLength) implements Fused {
    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(4, "lshAttention", in);
        Check.isFloat("lshAttention", in);
        Check.sameDType("lshAttention", in[0], in[1], in[2]);
        Shape q = in[0].shape();
        Check.that(
                q.rank() == 4 && q.size() > 0 && in[2].shape().rank() == 4,
                "lshAttention",
                "needs q and k (B, T, H, D) and v (B, T, H, Dv)",
                in);
        Check.shape(1, q, "lshAttention", in);
        Check.shape(2, q.with(-1, in[2].shape().last()), "lshAttention", in);
        Shape order = in[3].shape();
        Check.that(
                in[3].dtype() == DType.I32
                        && order.rank() == 4
                        && order.dim(2) > 0
                        && order.equals(Shape.of(q.dim(0), q.dim(2), order.dim(2), q.dim(1))),
                "lshAttention",
                "the order must be I32 (B, H, rounds, T)",
                in);
        return new Spec[] {in[2], in[2].as(q.without(-1))};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor v = in[2];
        Chunks chunks = Chunks.of(in[3], ArgSort.inverse(in[3]), chunkLength);
        Tensor[] round =
                Interpreter.runAll(
                        forward(),
                        chunks.asQueries(in[0]),
                        chunks.asKeys(in[1]),
                        chunks.asKeys(v),
                        chunks.mask());
        Tensor o = chunks.asTokens(round[0]); // (R, B, T, H, Dv)
        Tensor z = chunks.asTokens(round[1].reshape(-1, 1)); // (R, B, T, H, 1)
        Tensor max = z.max(0).detach();
        Tensor shift = seesNothing(max).select(Full.zerosLike(max), max);
        Tensor w = z.sub(shift).exp();
        Tensor sum = w.sum(0);
        Tensor alone = seesNothing(max);
        Tensor divisor = alone.select(Full.onesLike(sum), sum);
        Tensor lse = alone.select(max, divisor.log().add(shift)).reshape(v.shape().with(-1, 1));
        Tensor seen = o.mul(w.div(divisor)).sum(0).reshape(v.shape());
        Tensor own = v.mul(seesNothing(lse).cast(v.dtype()));
        return new Tensor[] {seen.add(own), lse.reshape(v.shape().without(-1))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        if (g[0] == null || g[1] != null) {
            throw new IllegalStateException("lshAttention: the log-sum-exp has no gradient");
        }
        Tensor v = in[2];
        Chunks chunks = Chunks.of(in[3], ArgSort.inverse(in[3]), chunkLength);
        Tensor lse = out[1].reshape(v.shape().with(-1, 1));
        Tensor z = chunks.asQueries(lse);
        Tensor[] d =
                Interpreter.runAll(
                        new AttentionBackward(forward()),
                        chunks.asQueries(in[0]),
                        chunks.asKeys(in[1]),
                        chunks.asKeys(v),
                        chunks.asQueries(out[0]),
                        z.reshape(z.dim(0), 1, z.dim(1)),
                        chunks.asQueries(g[0]),
                        chunks.mask());
        Tensor own = g[0].mul(seesNothing(lse).cast(v.dtype()));
        return new Tensor[] {
            toRows(d[0], chunks.queries(), in[0]),
            toRows(d[1], chunks.keys(), in[1]),
            toRows(d[2], chunks.keys(), v).add(own),
            null
        };
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.ALL;
    }

    private Attention forward() {
        return new Attention(scale, false, 0, true, false, 0);
    }

    private static Tensor seesNothing(Tensor lse) {
        return lse.compare(
                Compare.EQ, Full.scalar(lse.dtype(), Double.NEGATIVE_INFINITY));
    }

    private static Tensor toRows(Tensor d, Tensor rows, Tensor like) {
        long n = like.shape().rows();
        Tensor flat = d.reshape(rows.dim(0), rows.dim(1), d.dim(-1));
        return IndexAdd.indexAdd(flat, rows, n).reshape(like.shape());
    }
}
