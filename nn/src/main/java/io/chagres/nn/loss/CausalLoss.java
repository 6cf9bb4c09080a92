package io.chagres.nn.loss;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.CrossEntropy;

/// The loss of next-token prediction.
public final class CausalLoss {
    private CausalLoss() {}

    /// Negative log-likelihood of each target.
    ///
    /// @param logits (B, T, V)
    /// @param targets I32 (B, T): the token that follows each position; -100 leaves a position out
    /// @param labelSmoothing ε, 0 for none
    /// @return (B · T), 0 where left out
    public static Tensor perToken(Tensor logits, Tensor targets, double labelSmoothing) {
        return Interpreter.run(
                new CrossEntropy(CrossEntropy.IGNORE, labelSmoothing),
                logits.reshape(-1, logits.shape().last()),
                targets.reshape(-1));
    }

    /// Sum over the targets that count; divide it by their number, over all micro-batches of a
    /// step, to get the mean.
    public static Tensor sum(Tensor logits, Tensor targets) {
        return perToken(logits, targets, 0).sum();
    }
}
