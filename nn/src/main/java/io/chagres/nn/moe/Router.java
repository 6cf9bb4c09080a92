package io.chagres.nn.moe;

import io.chagres.nn.layer.Buffer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Gather;
import io.chagres.tensor.op.Linear;
import io.chagres.tensor.op.ScatterAdd;
import io.chagres.tensor.op.Softmax;
import io.chagres.tensor.op.TopK;
import org.jspecify.annotations.Nullable;

/// Chooses experts for tokens. Everything stays on the device, in shapes that depend on the number
/// of tokens alone.
///
/// @param weight hidden → experts, (E, hidden)
/// @param correction added to scores for choosing only, (E); null for none
/// @param routing how scores become a choice
/// @param expertsPerToken how many are chosen
public record Router(
        Tensor weight, @Nullable Buffer correction, Routing routing, int expertsPerToken) {
    private static final double TINY = 1e-20;

    /// Routes tokens (N, hidden).
    ///
    /// @param sequences how many sequences they are of
    public Routed route(Tensor x, long sequences) {
        Tensor logits = Linear.linear(x, weight, null);
        Tensor scores =
                switch (routing.score()) {
                    case SOFTMAX -> Softmax.softmax(logits);
                    case SIGMOID -> logits.sigmoid();
                };
        Tensor experts = TopK.topK(choice(scores.detach()), expertsPerToken)[1];
        Tensor weights = Gather.gather(scores, experts, 1);
        if (routing.normalized()) {
            weights = weights.div(weights.sum(-1).shift(TINY));
        }
        if (routing.scale() != 1) {
            weights = weights.scale(routing.scale());
        }
        return new Routed(logits, scores, experts, weights, sequences);
    }

    /// Scores to choose by: corrected, and -∞ outside the best groups.
    private Tensor choice(Tensor scores) {
        Buffer bias = correction;
        Tensor choice = bias == null ? scores : scores.add(bias.value());
        long groups = routing.groups();
        if (groups == routing.topGroups()) {
            return choice;
        }
        long n = scores.dim(0);
        long size = scores.dim(1) / groups;
        Tensor grouped = choice.reshape(n, groups, size);
        Tensor best = TopK.topK(grouped, routing.groupBest())[0].sum(-1).reshape(n, groups);
        Tensor chosen = TopK.topK(best, routing.topGroups())[1];
        Tensor ones = Full.full(new Spec(DType.I32, chosen.shape()), 1);
        Tensor open =
                ScatterAdd.scatterAdd(ones, chosen, 1, groups)
                        .compare(Compare.GT, Full.scalar(DType.I32, 0))
                        .reshape(n, groups, 1);
        Tensor closed = Full.scalar(scores.dtype(), Double.NEGATIVE_INFINITY);
        return open.select(grouped, closed).reshape(Shape.of(n, groups * size));
    }
}
