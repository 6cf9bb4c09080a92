package io.chagres.nn.attention.lsh;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.AttentionBackward;
import io.chagres.tensor.op.Check;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Fused;
import io.chagres.tensor.op.IndexAdd;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.Reads;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Attention within chunks of sorted tokens, several rounds of sorting combined.
///
/// In round r, token i sees the set S_r(i) of the earlier tokens among those of its chunk and of
/// the chunk before it in that round's order, but for those that a round before showed it. With o_r
/// the softmax attention over S_r(i) and z_r its log-sum-exp, the result is Σ_r exp(z_r - z) o_r, z
/// = ln Σ_r exp z_r, which is the softmax over all that i sees in any round, each key counted once.
/// A token that sees nothing in any round sees itself: o = v. With one chunk all earlier tokens are
/// seen. Kitaev et al. 2020, arXiv:2001.04451, equations 3–6; a key of N rounds has there the score
/// s - ln N in each of them, which gives the same sum.
///
/// Inputs: q, k (B, T, H, D), v (B, T, H, Dv), and order, I32 (B, H, R, T), a permutation of 0 …
/// T-1 per round. Results: o (B, T, H, Dv), and z (B, T, H) for the gradient.
///
/// The gradient is that of one softmax over all rounds' scores, with weights exp(s - z): nothing of
/// a single round is kept, so the tape holds what it would for attention in full, and the orders;
/// rounds are computed one after the other, which bounds what is held meanwhile.
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
                q.rank() == 4
                        && q.size() > 0
                        && in[2].shape().rank() == 4
                        && !in[0].dtype().isNarrow(),
                "lshAttention",
                "needs q and k (B, T, H, D) and v (B, T, H, Dv) in F32 or F64",
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
        Shape one = v.shape().with(-1, 1);
        List<Tensor> results = new ArrayList<>();
        List<Tensor> lses = new ArrayList<>();
        Tensor numbers = Chunks.numbers(in[3], chunkLength);
        for (int r = 0; r < in[3].dim(2); r++) {
            Tensor order = in[3].slice(2, r, 1);
            Tensor earlier = numbers.slice(1, 0, r);
            Tensor[] round = Scope.ofAll(() -> round(in, order, earlier));
            results.add(round[0]);
            lses.add(round[1]);
        }
        Tensor z = Concat.concat(-1, lses.toArray(Tensor[]::new)); // (B, T, H, R)
        Tensor max = z.max(-1).detach();
        Tensor alone = seesNothing(max);
        Tensor w = z.sub(alone.select(Full.zerosLike(max), max)).exp();
        Tensor sum = w.sum(-1);
        Tensor divisor = alone.select(Full.onesLike(sum), sum);
        Tensor share = w.div(divisor);
        Tensor o = v.mul(alone.cast(v.dtype()));
        for (int r = 0; r < results.size(); r++) {
            o = o.add(results.get(r).mul(share.slice(-1, r, 1).contiguous()));
        }
        Tensor lse = alone.select(max, divisor.log().add(max));
        return new Tensor[] {o, lse.reshape(one.without(-1))};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        Tensor seed = g[0];
        if (seed == null || g[1] != null) {
            throw new IllegalStateException("lshAttention: the log-sum-exp has no gradient");
        }
        Tensor lse = out[1].reshape(out[0].shape().with(-1, 1));
        Tensor numbers = Chunks.numbers(in[3], chunkLength);
        Tensor[] sums = {null, null, seed.mul(seesNothing(lse).cast(seed.dtype()))};
        for (int r = 0; r < in[3].dim(2); r++) {
            Tensor order = in[3].slice(2, r, 1);
            Tensor earlier = numbers.slice(1, 0, r);
            Tensor[] before = sums;
            sums =
                    Scope.ofAll(() -> {
                        Tensor[] d = roundGradient(in, order, earlier, out[0], lse, seed);
                        for (int i = 0; i < d.length; i++) {
                            d[i] = before[i] == null ? d[i] : before[i].add(d[i]);
                        }
                        return d;
                    });
        }
        return new Tensor[] {sums[0], sums[1], sums[2], null};
    }

    /// Result (B, T, H, Dv) and log-sum-exp (B, T, H, 1) of a round.
    private Tensor[] round(Tensor[] in, Tensor order, Tensor earlier) {
        Chunks chunks = Chunks.of(order, earlier, chunkLength);
        Tensor[] y =
                Interpreter.runAll(
                        forward(),
                        chunks.asQueries(in[0]),
                        chunks.asKeys(in[1]),
                        chunks.asKeys(in[2]),
                        chunks.mask());
        Tensor slots = chunks.slots(order);
        return new Tensor[] {
            IndexSelect.indexSelect(y[0].reshape(-1, y[0].dim(-1)), slots),
            IndexSelect.indexSelect(y[1].reshape(-1, 1), slots)
        };
    }

    /// What a round adds to the gradients of q, k and v: the round's scores s weigh exp(s - lse).
    private Tensor[] roundGradient(
            Tensor[] in, Tensor order, Tensor earlier, Tensor o, Tensor lse, Tensor seed) {
        Chunks chunks = Chunks.of(order, earlier, chunkLength);
        Tensor z = chunks.asQueries(lse);
        Tensor[] d =
                Interpreter.runAll(
                        new AttentionBackward(forward()),
                        chunks.asQueries(in[0]),
                        chunks.asKeys(in[1]),
                        chunks.asKeys(in[2]),
                        chunks.asQueries(o),
                        z.reshape(z.dim(0), 1, z.dim(1)),
                        chunks.asQueries(seed),
                        chunks.mask());
        return new Tensor[] {
            toRows(d[0], chunks.queries(), in[0]),
            toRows(d[1], chunks.keys(), in[1]),
            toRows(d[2], chunks.keys(), in[2])
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
        return lse.compare(Compare.EQ, Full.scalar(lse.dtype(), Double.NEGATIVE_INFINITY));
    }

    private static Tensor toRows(Tensor d, Tensor rows, Tensor like) {
        long n = like.shape().rows();
        Tensor flat = d.reshape(rows.dim(0), rows.dim(1), d.dim(-1));
        return IndexAdd.indexAdd(flat, rows, n).reshape(like.shape());
    }
}
