package io.chagres.tensor.op;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/// How far each row of logits x is from a teacher's, z, at temperature T: the Kullback-Leibler
/// divergence Σ_j p_j (ln p_j - ln q_j) with p = softmax(z / T) and q = softmax(x / T). Hinton,
/// Vinyals and Dean 2015, arXiv:1503.02531, whose loss is T² times it.
///
/// Inputs: x (N, V) and z (N, V) of one dtype. Result: (N), F32 for logits in BF16 or F16. The
/// teacher is a constant: nothing flows back to z. Probabilities are never stored; some rows are
/// worked on at a time.
///
/// @param temperature T, above 0
public record KlDivergence(double temperature) implements Fused {
    /// Most logits of each kind that are worked on at once.
    private static final long PORTION = 1 << 18;

    /// Checks the temperature.
    public KlDivergence {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("temperature must be above 0, got " + temperature);
        }
    }

    /// Divergence per row.
    ///
    /// @param logits x
    /// @param teacher z
    public static Tensor klDivergence(Tensor logits, Tensor teacher, double temperature) {
        return Interpreter.run(new KlDivergence(temperature), logits, teacher);
    }

    @Override
    public Spec[] infer(Spec... in) {
        Check.arity(2, "klDivergence", in);
        Check.isFloat("klDivergence", in);
        Check.sameDType("klDivergence", in);
        Check.that(in[0].shape().rank() == 2, "klDivergence", "logits must be (N, V)", in);
        Check.shape(1, in[0].shape(), "klDivergence", in);
        return new Spec[] {in[0].as(in[0].dtype().wide()).as(in[0].shape().without(-1))};
    }

    @Override
    public Tensor[] decompose(Tensor... in) {
        return new Tensor[] {
            byRows(
                    in[0],
                    in[1].detach(),
                    (x, z) -> {
                        Tensor q = LogSoftmax.logSoftmax(scaled(x));
                        Tensor p = LogSoftmax.logSoftmax(scaled(z));
                        Tensor sum = p.exp().mul(p.sub(q)).sum(-1);
                        return sum.reshape(x.dim(0));
                    })
        };
    }

    /// Works on some rows of both at a time and joins what comes out.
    static Tensor byRows(Tensor x, Tensor z, BinaryOperator<Tensor> some) {
        long rows = x.dim(0);
        long most = Math.max(1, PORTION / Math.max(1, x.dim(1)));
        if (rows <= most) {
            return Scope.of(() -> some.apply(x, z));
        }
        List<Tensor> parts = new ArrayList<>();
        for (long r = 0; r < rows; r += most) {
            long from = r;
            long n = Math.min(most, rows - r);
            parts.add(Scope.of(() -> some.apply(x.slice(0, from, n), z.slice(0, from, n))));
        }
        return Concat.concat(0, parts.toArray(Tensor[]::new));
    }

    private Tensor scaled(Tensor logits) {
        return scaled(logits, temperature);
    }

    /// Logits over T, widened.
    static Tensor scaled(Tensor logits, double temperature) {
        Tensor wide = logits.cast(logits.dtype().wide());
        return temperature == 1 ? wide : wide.scale(1 / temperature);
    }

    @Override
    public @Nullable Tensor[] vjp(
            Tensor[] in, Tensor[] out, @Nullable Tensor[] g, boolean[] needs) {
        return new @Nullable Tensor[] {
            needs[0]
                    ? Interpreter.run(new KlDivergenceBackward(temperature), in[0], in[1], g[0])
                    : null,
            null
        };
    }

    @Override
    public Reads reads(boolean[] needs) {
        return Reads.inputs(0, 1);
    }
}
