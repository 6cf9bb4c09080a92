package io.chagres.nn.attention.lsh;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.RmsNorm;

/// Causal attention in which one vector per token is both query and, at unit length, key: the score
/// of query i and key j is q_i · q_j / ‖q_j‖. A token is its own best match, so it sees itself only
/// where there is no earlier token. Kitaev et al. 2020, arXiv:2001.04451, section 2.
public final class SharedQk {
    private static final double EPS = 1e-6;

    private SharedQk() {}

    /// Keys of unit length: x / √(‖x‖² + D·10⁻⁶) over the last axis.
    public static Tensor keys(Tensor x) {
        long d = x.dim(-1);
        Spec one = new Spec(x.dtype(), Shape.of(d));
        return RmsNorm.rmsNorm(x.contiguous(), Full.full(one, 1 / Math.sqrt(d)), EPS);
    }

    /// Attends to all earlier tokens: vectors and values (B, T, H, D) → (B, T, H, D).
    public static Tensor attend(Tensor qk, Tensor v) {
        return attend(qk, keys(qk), v);
    }

    /// Attends to all earlier tokens, the first token to itself: the queries (B, T, H, D) are those
    /// of the last T of S tokens, keys and values (B, S, H, D) are of all.
    public static Tensor attend(Tensor q, Tensor k, Tensor v) {
        long others = k.dim(1) - 1;
        if (q.dim(1) <= others) {
            return toAll(q, k.slice(1, 0, others), v.slice(1, 0, others));
        }
        Tensor first = v.slice(1, 0, 1);
        if (others == 0) {
            return first;
        }
        Tensor later = q.slice(1, 1, others);
        Tensor o = toAll(later, k.slice(1, 0, others), v.slice(1, 0, others));
        return Concat.concat(1, first, o);
    }

    private static Tensor toAll(Tensor q, Tensor k, Tensor v) {
        return Interpreter.run(new Attention(1, true, 0, false, false, 0), q, k, v);
    }
}
