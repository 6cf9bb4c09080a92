package io.chagres.autograd;

import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.AttentionBackward;
import io.chagres.tensor.op.GroupedInt8Linear;
import io.chagres.tensor.op.GroupedLinear;
import io.chagres.tensor.op.GroupedOuter;
import io.chagres.tensor.op.Int8Linear;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.MatMul;
import io.chagres.tensor.op.Op;

/// Floating-point operations of products, a multiplication and an addition counting as two. All
/// else is bound by memory and counts none.
final class Flops {
    /// Products of a forward pass: scores, and weights with values.
    private static final int FORWARD = 2;

    /// Of a backward pass: scores again, and the gradients of weights, values, queries and keys.
    private static final int BACKWARD = 5;

    private Flops() {}

    static double of(Op op, Spec[] out, Tensor... in) {
        return switch (op) {
            case MatMul _, Linear _, Int8Linear _ ->
                    2.0 * out[0].shape().size() * in[0].shape().last();
            case GroupedLinear _, GroupedInt8Linear _ ->
                    2.0 * out[0].shape().size() * in[0].shape().last();
            case GroupedOuter _ -> 2.0 * in[0].shape().size() * in[1].shape().last();
            case Attention a -> attention(a, FORWARD, in);
            case AttentionBackward b -> attention(b.forward(), BACKWARD, in);
            default -> 0;
        };
    }

    /// Each product works on as many pairs of query and key as may see each other.
    private static double attention(Attention op, int products, Tensor... in) {
        Shape q = in[0].shape();
        double keys = in[1].dim(1);
        double queries = q.dim(1);
        double pairs = queries * keys;
        if (op.causal()) {
            double before = keys - queries;
            pairs = queries * before + queries * (queries + 1) / 2;
            if (op.window() > 0 && op.window() < keys) {
                double w = op.window();
                double growing = Math.max(0, Math.min(queries, w - before));
                pairs = growing * before + growing * (growing + 1) / 2 + (queries - growing) * w;
            }
        }
        double width = (q.last() + in[2].shape().last()) / 2.0;
        return products * 2.0 * q.dim(0) * q.dim(2) * pairs * width;
    }
}
