package io.chagres.train.optim;

import io.chagres.tensor.DType;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Accumulate;
import io.chagres.tensor.op.AdamW;
import io.chagres.tensor.op.Assign;
import io.chagres.tensor.op.Compare;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.SumSquares;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// AdamW with gradient accumulation and clipping by global norm. Loshchilov & Hutter 2017,
/// arXiv:1711.05101.
///
/// Gradients, moments and parameters live in one arena that is never reset. Gradients of several
/// micro-batches are [accumulated][#accumulate] before one [#step].
public final class AdamWOptimizer {
    /// Settings that stay the same for a run.
    ///
    /// @param beta1 decay of the first moment
    /// @param beta2 decay of the second moment
    /// @param eps added to the root of the second moment
    /// @param weightDecay decoupled decay
    /// @param decay which parameters decay
    /// @param eightBit whether moments are kept in 8 bits, see [io.chagres.tensor.op.AdamW8bit]
    public record Options(
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            DecayRule decay,
            boolean eightBit) {
        /// Settings with moments in F32.
        public Options(
                double beta1, double beta2, double eps, double weightDecay, DecayRule decay) {
            this(beta1, beta2, eps, weightDecay, decay, false);
        }

        /// The same with moments in 8 bits.
        public Options withEightBitMoments() {
            return new Options(beta1, beta2, eps, weightDecay, decay, true);
        }

        /// The usual settings for language models: betas 0.9 and 0.95, eps 1e-8, decay 0.1 on
        /// matrices.
        public static Options defaults() {
            return new Options(0.9, 0.95, 1e-8, 0.1, DecayRule.MATRICES);
        }
    }

    /// Which parameters weight decay applies to.
    public enum DecayRule {
        /// Every parameter.
        ALL,
        /// Those with two axes or more: not biases and norms.
        MATRICES;

        boolean applies(Tensor t) {
            return this == ALL || t.shape().rank() >= 2;
        }
    }

    private final List<String> names;
    private final List<Tensor> parameters;
    private final FlatTensors grads;
    private final List<Moments> moments;
    private final boolean[] seen;
    private final boolean[] sparse;
    private final Tensor hyper;
    private final AdamW decayed;
    private final AdamW plain;
    private final DecayRule rule;
    private long steps;

    /// Creates the optimizer and its state, zeros.
    ///
    /// @param parameters what to train, by path; contiguous
    /// @param weights an arena that is never reset
    public AdamWOptimizer(Map<String, Tensor> parameters, TensorArena weights, Options options) {
        this.names = List.copyOf(parameters.keySet());
        this.parameters = List.copyOf(parameters.values());
        List<Shape> shapes = new ArrayList<>();
        for (Tensor p : this.parameters) {
            if (!p.layout().isContiguous()) {
                throw new IllegalArgumentException("parameters must be contiguous; got " + p);
            }
            shapes.add(p.shape());
        }
        grads = FlatTensors.zeros(weights, DType.F32, shapes);
        moments = Moments.zeros(weights, shapes, options.eightBit());
        seen = new boolean[shapes.size()];
        sparse = new boolean[shapes.size()];
        hyper = TensorData.copyOf(weights, DType.F64, Shape.of(3), 0, 0, 1);
        double b1 = options.beta1();
        double b2 = options.beta2();
        decayed = new AdamW(b1, b2, options.eps(), options.weightDecay());
        plain = new AdamW(b1, b2, options.eps(), 0);
        rule = options.decay();
    }

    /// The trained tensors, in order.
    public List<Tensor> parameters() {
        return parameters;
    }

    /// Steps taken.
    public long steps() {
        return steps;
    }

    /// Keeps what is 0 of some parameters at 0 from now on, as pruned weights are: their gradients
    /// do not count, neither for the moments nor for the global norm, and neither moments nor decay
    /// move them.
    ///
    /// @param paths names of parameters
    /// @throws IllegalArgumentException naming one that is not trained
    public void keepZeros(Set<String> paths) {
        for (String path : paths) {
            int index = names.indexOf(path);
            if (index < 0) {
                throw new IllegalArgumentException(path + " is not trained");
            }
            sparse[index] = true;
        }
    }

    /// Adds a gradient; shaped as a [io.chagres.autograd.Tape.GradientSink]. Runs under the current
    /// interpreter.
    public void accumulate(int index, Tensor grad) {
        Tensor sum = grads.parts().get(index);
        if (seen[index]) {
            Accumulate.accumulate(sum, grad);
        } else {
            Assign.assign(sum, grad);
            seen[index] = true;
        }
    }

    /// Forgets the gradients gathered since the last step, without taking one.
    public void discard() {
        Arrays.fill(seen, false);
    }

    /// Takes one step with gradients of a loss that was not scaled.
    ///
    /// @param clipNorm gradients with a larger global norm are scaled down to it; infinite for none
    /// @return the global norm before clipping
    public double step(double learningRate, double clipNorm) {
        return step(learningRate, clipNorm, 1);
    }

    /// Takes one step with the gradients gathered since the last, and forgets them. Runs under the
    /// current interpreter. When a gradient is infinite or NaN nothing is changed and the step does
    /// not count.
    ///
    /// @param clipNorm gradients with a larger global norm are scaled down to it; infinite for none
    /// @param lossScale what the loss was multiplied by
    /// @return the global norm before clipping, as of a loss that was not scaled
    public double step(double learningRate, double clipNorm, double lossScale) {
        for (int i = 0; i < seen.length; i++) {
            if (!seen[i]) {
                Tensor g = grads.parts().get(i);
                Assign.assign(g, Full.scalar(g.dtype(), 0));
            }
        }
        for (int i = 0; i < seen.length; i++) {
            if (sparse[i]) {
                Tensor g = grads.parts().get(i);
                Tensor p = parameters.get(i);
                Scope.run(() -> Assign.assign(g, nonZero(p).select(g, zero(g))));
            }
        }
        double norm = Math.sqrt(SumSquares.sumSquares(grads.all()).item()) / lossScale;
        Arrays.fill(seen, false);
        if (!Double.isFinite(norm)) {
            return norm;
        }
        steps++;
        double factor = Math.min(1, clipNorm / (norm + 1e-6)) / lossScale;
        TensorData.set(hyper, learningRate, steps, factor);
        for (int i = 0; i < seen.length; i++) {
            Tensor p = parameters.get(i);
            AdamW op = rule.applies(p) ? decayed : plain;
            Tensor g = grads.parts().get(i);
            Moments own = moments.get(i);
            if (sparse[i]) {
                Scope.run(() -> {
                    Tensor kept = nonZero(p);
                    own.step(op, p, g, hyper);
                    Assign.assign(p, kept.select(p, zero(p)));
                });
            } else {
                own.step(op, p, g, hyper);
            }
        }
        return norm;
    }

    private static Tensor nonZero(Tensor p) {
        return p.compare(Compare.NE, zero(p));
    }

    private static Tensor zero(Tensor like) {
        return Full.scalar(like.dtype(), 0);
    }

    /// The moments by name, for checkpoints: `m.<path>` and `v.<path>`; those in 8 bits
    /// `m8.<path>`, `m8_scale.<path>`, `v8.<path>` and `v8_scale.<path>`.
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            moments.get(i).addTo(state, names.get(i));
        }
        return state;
    }

    /// Continues after a number of steps whose moments were restored into [#state].
    public void restoreSteps(long steps) {
        this.steps = steps;
    }
}
