package io.chagres.nn.loss;

import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.CrossEntropy;
import io.chagres.tensor.op.Full;

/// Direct preference optimization: of two answers to a prompt, the chosen one is to become likelier
/// than the rejected one, each compared with a reference model. With log-probabilities ln π of
/// whole answers, rewards r = β (ln π - ln π_ref) and margin m = r_chosen - r_rejected, the loss of
/// a pair is -(1 - ε) ln σ(m) - ε ln σ(-m).
///
/// Rafailov et al. 2023, arXiv:2305.18290, equation 7; ε as in Mitchell 2023, "A note on DPO with
/// noisy preferences".
///
/// @param beta β, above 0: how closely the model is kept to the reference
/// @param labelSmoothing ε, 0 up to but not 0.5: share of pairs that are thought to be the wrong
///   way round
public record PreferenceLoss(double beta, double labelSmoothing) {
    /// What pairs come to, each (n).
    ///
    /// @param loss losses
    /// @param chosen rewards of the chosen answers
    /// @param rejected rewards of the rejected answers
    public record Result(Tensor loss, Tensor chosen, Tensor rejected) {}

    /// Checks the numbers.
    public PreferenceLoss {
        if (!(beta > 0) || !(labelSmoothing >= 0 && labelSmoothing < 0.5)) {
            throw new IllegalArgumentException(
                    "beta must be above 0 and label smoothing in [0, 0.5): %s, %s"
                            .formatted(beta, labelSmoothing));
        }
    }

    /// Log-probability of each row's targets, (B).
    ///
    /// @param logits (B, T, V)
    /// @param targets I32 (B, T): the token that follows each position; -100 leaves a position out
    public static Tensor logProbs(Tensor logits, Tensor targets) {
        return CausalLoss.perToken(logits, targets, 0)
                .reshape(targets.dim(0), targets.dim(1))
                .sum(1)
                .reshape(-1)
                .neg();
    }

    /// The losses of n pairs.
    ///
    /// @param policy log-probabilities by the model, (2 n): those of all chosen answers, then those
    ///   of the rejected ones
    /// @param reference those by the reference, alike
    public Result of(Tensor policy, Tensor reference) {
        Tensor rewards = policy.sub(reference.detach()).scale(beta);
        long n = policy.dim(0) / 2;
        Tensor chosen = rewards.slice(0, 0, n);
        Tensor rejected = rewards.slice(0, n, n);
        // -ln σ(m) is the cross-entropy of two classes with logits m and 0; smoothing it by 2 ε
        // gives each class ε.
        Tensor margin = chosen.sub(rejected).reshape(-1, 1);
        Tensor two = Concat.concat(1, margin, Full.zerosLike(margin));
        Tensor first = Full.full(new Spec(DType.I32, Shape.of(n)), 0);
        Tensor loss =
                Interpreter.run(
                        new CrossEntropy(CrossEntropy.IGNORE, 2 * labelSmoothing), two, first);
        return new Result(loss, chosen, rejected);
    }
}
