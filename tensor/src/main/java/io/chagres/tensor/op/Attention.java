package io.chagres.tensor.op;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Scaled dot-product attention, o = softmax(scale · q kᵀ + mask) v, without storing the T×S scores
/// where a backend has a kernel. Vaswani et al. 2017, arXiv:1706.03762; Dao 2023, arXiv:2307.08691.
///
/// Inputs: q (B, T, H, D), k (B, S, Hkv, D), v (B, S, Hkv, Dv), where head h uses key head h /
/// (H/Hkv); then, each when its component says so: the mask, BOOL (true = may attend) or float
/// (added), which broadcasts to (B, H, T, S); cu_seqlens, I32 (n + 1), offsets of the sequences
/// packed into B = 1; the dropout stream, I64 (2). Results: o (B, T, H, Dv), and the log-sum-exp
/// (B, H, T) of the masked scores for the gradient. Scores of BF16 and F16 inputs are computed in F32,
/// which is also the dtype of their log-sum-exp. A row that may attend to nothing gives 0.
///
/// @param scale factor of the scores, usually 1/√D
/// @param causal whether query t sees key s only when s ≤ t + S - T
/// @param window with w > 0, whether s > t + S - T - w is required too
/// @param masked whether there is a mask
/// @param packed whether there are cu_seqlens: queries see keys of their own sequence only
/// @param dropout probability that a weight is dropped, with the stream's [RandomUniform] numbers
///   of shape (B, H, T, S)
public record Attention(
        double scale, boolean causal, int window, boolean masked, boolean packed, double dropout)
        implements Fused {
    /// Checks the numbers.
    public Attention {
        if (window < 0 || !(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException(
                    "attention: window " + window + ", dropout " + dropout);
        }
    }

    /// Causal attention with scale 1/√D.
    public static Tensor causal(Tensor q, Tensor k, Tensor v) {
        double scale = 1 / Math.sqrt(q.dim(-1));
        return Interpreter.run(new Attention(scale, true, 0, false, false, 0), q, k, v);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(maskIndex() + extras(), "attention", in);
        checkQkv("attention", in);
        checkExtras("attention", maskIndex(), in);
        Shape q = in[0].shape();
        return new Spec[] {
            in[0].as(q.with(-1, in[2].shape().last())),
            new Spec(in[0].dtype().wide(), Shape.of(q.dim(0), q.dim(2), q.dim(1)))
        };
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        DType dtype = in[0].dtype();
        if (dtype.isNarrow()) {
            Tensor[] wide = decompose(widened(in));
            return new Tensor[] {wide[0].cast(dtype), wide[1]};
        }
        AttentionScores s = AttentionScores.of(this, in[0], in[1], extras(in, maskIndex()));
        Tensor max = s.scores().max(-1).detach();
        Tensor floor = Full.scalar(max.dtype(), Double.NEGATIVE_INFINITY);
        Tensor shift = max.compare(Compare.EQ, floor).select(Full.zerosLike(max), max);
        Tensor e = s.scores().sub(shift).exp();
        Tensor sum = e.sum(-1);
        Tensor lse = sum.log().add(shift);
        Tensor zero = Full.scalar(sum.dtype(), 0);
        Tensor p = e.div(sum.compare(Compare.EQ, zero).select(Full.onesLike(sum), sum));
        Tensor o = s.dropped(p).matmul(AttentionScores.keys(in[2], in[0]));
        return new Tensor[] {
            AttentionScores.toQueries(o, in[0]), lse.reshape(lse.shape().without(-1))
        };
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        if (g[1] != null || (masked && needs[maskIndex()])) {
            throw new IllegalStateException(
                    "attention: the log-sum-exp and the mask have no gradient");
        }
        Tensor[] args = new Tensor[in.length + 3];
        System.arraycopy(in, 0, args, 0, 3);
        args[3] = out[0];
        args[4] = out[1];
        args[5] = g[0];
        System.arraycopy(in, 3, args, 6, in.length - 3);
        Tensor[] d = Interpreter.runAll(new AttentionBackward(this), args);
        return Arrays.copyOf(d, in.length);
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.ALL;
    }

    /// Every float input in the dtype of the scores.
    static Tensor[] widened(Tensor... in) {
        Tensor[] wide = in.clone();
        for (int i = 0; i < wide.length; i++) {
            wide[i] = in[i].cast(in[i].dtype().wide());
        }
        return wide;
    }

    int maskIndex() {
        return 3;
    }

    int extras() {
        return (masked ? 1 : 0) + (packed ? 1 : 0) + (dropout > 0 ? 1 : 0);
    }

    /// The optional inputs starting at `first`: mask, cu_seqlens, stream; null where absent.
    @Nullable Tensor[] extras(Tensor[] in, int first) {
        int i = first;
        return new @Nullable Tensor[] {
            masked ? in[i++] : null, packed ? in[i++] : null, dropout > 0 ? in[i] : null
        };
    }

    void checkQkv(String op, Spec... in) {
        Check.isFloat(op, in);
        Check.sameDType(op, in[0], in[1], in[2]);
        Shape q = in[0].shape();
        Shape k = in[1].shape();
        Shape v = in[2].shape();
        Check.that(
                q.rank() == 4
                        && k.rank() == 4
                        && v.rank() == 4
                        && q.dim(0) == k.dim(0)
                        && q.last() == k.last()
                        && k.with(-1, v.last()).equals(v)
                        && k.dim(2) > 0
                        && q.dim(2) % k.dim(2) == 0,
                op,
                "needs q (B, T, H, D), k (B, S, Hkv, D), v (B, S, Hkv, Dv), Hkv dividing H",
                in);
    }

    void checkExtras(String op, int first, Spec... in) {
        Shape q = in[0].shape();
        Shape k = in[1].shape();
        int i = first;
        if (masked) {
            Shape scores = Shape.of(q.dim(0), q.dim(2), q.dim(1), k.dim(1));
            Spec m = in[i++];
            Check.that(
                    m.shape().broadcastsTo(scores)
                            && (m.dtype() == DType.BOOL
                                    || m.dtype() == in[0].dtype()
                                    || m.dtype() == in[0].dtype().wide()),
                    op,
                    "the mask must be BOOL or "
                            + in[0].dtype().wide()
                            + " and broadcast to "
                            + scores,
                    in);
        }
        if (packed) {
            Spec cu = in[i++];
            Check.that(
                    cu.dtype() == DType.I32
                            && cu.shape().rank() == 1
                            && cu.shape().size() >= 2
                            && q.dim(0) == 1
                            && q.dim(1) == k.dim(1),
                    op,
                    "packed: cu_seqlens must be I32 (n + 1), B = 1 and T = S",
                    in);
        }
        if (dropout > 0) {
            Check.that(
                    in[i].equals(new Spec(DType.I64, Shape.of(2))),
                    op,
                    "the dropout stream must be I64 (2)",
                    in);
        }
    }
}
