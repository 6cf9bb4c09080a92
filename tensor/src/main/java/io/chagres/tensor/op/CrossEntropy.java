package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Loss of each row of logits against a class: with lse = ln Σ_j exp(x_j) and label smoothing ε,
/// loss = (1 - ε)(lse - x_target) + ε/V · Σ_j (lse - x_j). Rows whose target is `ignoreIndex` have
/// loss 0 and no gradient. Probabilities are never stored.
///
/// Inputs: logits (N, V) and targets (N), I32 or I64. Results: loss (N) and lse (N), both 0 in rows
/// left out. For logits in BF16 or F16 both are F32, and computed from the widened logits.
///
/// @param ignoreIndex target value of rows to leave out, such as -100
/// @param labelSmoothing ε, 0 for none
public record CrossEntropy(long ignoreIndex, double labelSmoothing) implements Fused {
    /// The index that training code uses for rows to leave out.
    public static final long IGNORE = -100;

    /// Loss per row, ignoring rows with target -100.
    public static Tensor crossEntropy(Tensor logits, Tensor targets) {
        return Interpreter.run(new CrossEntropy(IGNORE, 0), logits, targets);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "crossEntropy", in);
        Check.isFloat("crossEntropy", in);
        Check.isIndex(1, "crossEntropy", in);
        Check.that(in[0].shape().rank() == 2, "crossEntropy", "logits must be (N, V)", in);
        Check.shape(1, in[0].shape().without(-1), "crossEntropy", in);
        Spec row = in[0].as(in[0].dtype().wide()).as(in[1].shape());
        return new Spec[] {row, row};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        Tensor x = in[0].cast(in[0].dtype().wide());
        Rows rows = Rows.of(in[1], x, ignoreIndex);
        Tensor max = x.max(-1).detach();
        Tensor lse = x.sub(max).exp().sum(-1).log().add(max);
        Tensor picked = Gather.gather(x, rows.target, 1);
        Tensor loss = lse.sub(picked).scale(1 - labelSmoothing);
        if (labelSmoothing != 0) {
            loss = loss.add(lse.sub(x.mean(-1)).scale(labelSmoothing));
        }
        Tensor zero = Full.zerosLike(loss);
        loss = rows.valid.select(loss, zero);
        lse = rows.valid.select(lse, zero);
        return new Tensor[] {loss.reshape(in[1].shape()), lse.reshape(in[1].shape())};
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        if (g[1] != null) {
            throw new IllegalStateException(
                    "crossEntropy: lse is saved for the gradient and has none itself");
        }
        return new Tensor[] {
            Interpreter.run(
                    new CrossEntropyBackward(ignoreIndex, labelSmoothing),
                    in[0],
                    in[1],
                    out[1],
                    g[0]),
            null
        };
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(0, 1).andOutputs(1);
    }

    /// Targets as a column, with ignored rows pointing at class 0, and which rows count.
    record Rows(Tensor target, Tensor valid) {
        static Rows of(Tensor targets, Tensor x, long ignoreIndex) {
            Tensor column = targets.reshape(-1, 1);
            Tensor valid = column.compare(Compare.NE, Full.scalar(targets.dtype(), ignoreIndex));
            return new Rows(valid.select(column, Full.zerosLike(column)), valid);
        }
    }
}
