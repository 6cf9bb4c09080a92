package io.chagres.nn.loss;

import io.chagres.nn.transformer.Pass;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.Full;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Everything a model is trained by: next-token prediction, its modules of multi-token prediction,
/// what the observer of its routers asks for, and a teacher.
///
/// @param total what gradients are taken of
/// @param nextToken the part of next-token prediction
/// @param parts the parts that a teacher adds, before they are weighted, by name
public record TrainingLoss(Tensor total, Tensor nextToken, Map<String, Tensor> parts) {
    /// The loss of a batch, as its part of a step's.
    ///
    /// @param in tokens (B, T) and what goes with them
    /// @param targets I32 (B, T): the token that follows each position; -100 leaves a position out
    /// @param furtherWeight weight λ of multi-token prediction: λ / D times the sum over its D
    ///   modules; 0 leaves them out. DeepSeek-V3, arXiv:2412.19437, equation 25
    /// @param tokens valid targets of the whole step, which all sums are divided by
    /// @param share the batch's part of the step, for means
    public static TrainingLoss of(
            Transformer model,
            Transformer.Input in,
            Tensor targets,
            double furtherWeight,
            long tokens,
            double share) {
        return of(model, in, targets, furtherWeight, tokens, share, null);
    }

    /// As the other, with a teacher.
    ///
    /// @param lesson what it says of the same input; null for none
    public static TrainingLoss of(
            Transformer model,
            Transformer.Input in,
            Tensor targets,
            double furtherWeight,
            long tokens,
            double share,
            Distillation.@Nullable Lesson lesson) {
        Pass pass = model.pass(in);
        var states = new Distillation.States();
        Tensor hidden = model.hidden(in.ids(), model.positionIds(in), pass, states::add);
        Tensor logits = model.project(hidden);
        Tensor main = CausalLoss.sum(logits, targets).scale(1.0 / tokens);
        Tensor total = main;
        Map<String, Tensor> parts = Map.of();
        if (lesson != null) {
            var mixed = Distillation.mix(lesson, main, logits, states, targets, tokens);
            total = mixed.total();
            parts = mixed.named();
        }
        if (furtherWeight > 0 && !model.nextTokens().isEmpty()) {
            double weight = furtherWeight / model.nextTokens().size() / tokens;
            List<Tensor> further = model.furtherHidden(in, hidden, pass);
            for (int d = 0; d < further.size(); d++) {
                Tensor wanted = further(targets, d + 1, in.cuSeqlens() != null);
                Tensor sum = CausalLoss.sum(model.project(further.get(d)), wanted);
                total = total.add(sum.scale(weight));
            }
        }
        for (Tensor auxiliary : pass.auxiliaryLosses()) {
            total = total.add(auxiliary.scale(share));
        }
        return new TrainingLoss(total, main, parts);
    }

    /// Targets `by` tokens further on, (B, T - by). Where sequences are packed, one that lies
    /// beyond the end of its sequence is left out.
    private static Tensor further(Tensor targets, int by, boolean packed) {
        long n = targets.dim(1) - by;
        Tensor wanted = targets.slice(1, by, n).contiguous();
        Tensor ignored = Full.scalar(targets.dtype(), CrossEntropy.IGNORE);
        for (int i = 0; packed && i < by; i++) {
            Tensor same = targets.slice(1, i, n).compare(Compare.NE, ignored);
            wanted = same.select(wanted, ignored);
        }
        return wanted;
    }
}
