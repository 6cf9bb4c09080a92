package io.chagres.nn.moe;

import io.chagres.nn.layer.Buffer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Accumulate;
import io.chagres.tensor.op.Assign;
import io.chagres.tensor.op.BalanceBias;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.ScatterAdd;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Counts what routers choose while a model trains, balances them, and asks for auxiliary losses.
///
/// Counts gather over the forward passes of a step, so that micro-batches balance as one batch.
/// Used by one thread at a time.
public final class RouterMonitor implements RouterObserver {
    /// Auxiliary losses. The sum over all mixtures is added to the training loss.
    ///
    /// @param sequence weight α of the sequence-wise balance loss, the mean over sequences of α Σ_i
    ///   f_i P_i, where f_i is expert i's part of the choices times the number of experts, and P_i
    ///   its mean score, scores of a token adding up to 1. DeepSeek-V3, arXiv:2412.19437, equations
    ///   17 to 20; 0 for none
    /// @param z weight of the mean of (ln Σ_i exp(logit_i))², which keeps logits small. Zoph et al.
    ///   2022, arXiv:2202.08906, equation 5; 0 for none
    public record Losses(double sequence, double z) {
        /// No auxiliary loss.
        public static final Losses NONE = new Losses(0, 0);
    }

    private final Map<Integer, Tensor> loads = new LinkedHashMap<>();
    private final Map<Integer, Tensor> corrections = new LinkedHashMap<>();
    private final Losses losses;

    /// A monitor of some mixtures.
    ///
    /// @param mixtures by layer
    /// @param weights an arena that is never reset, for the counts
    public RouterMonitor(
            Map<Integer, MixtureOfExperts> mixtures, TensorArena weights, Losses losses) {
        this.losses = losses;
        mixtures.forEach((layer, m) -> {
            int experts = Math.toIntExact(m.router().weight().dim(0));
            loads.put(layer, Tensor.of(weights, Shape.of(experts), new float[experts]));
            Buffer bias = m.router().correction();
            if (bias != null) {
                corrections.put(layer, bias.value());
            }
        });
    }

    @Override
    public @Nullable Tensor routed(int layer, Routed r) {
        Tensor load = loads.get(layer);
        if (load == null) {
            throw new IllegalArgumentException("no mixture in layer " + layer);
        }
        Tensor counts = counts(r);
        Accumulate.accumulate(load, counts.sum(0).reshape(load.shape()));
        Tensor loss = null;
        if (losses.sequence > 0) {
            loss = sequenceLoss(r, counts).scale(losses.sequence);
        }
        if (losses.z > 0) {
            Tensor z = zLoss(r.logits()).scale(losses.z);
            loss = loss == null ? z : loss.add(z);
        }
        return loss;
    }

    /// How often each sequence chose each expert, (B, E).
    private static Tensor counts(Routed r) {
        Tensor chosen = r.experts().reshape(r.sequences(), -1);
        Tensor ones = Full.full(new Spec(DType.F32, chosen.shape()), 1);
        return ScatterAdd.scatterAdd(ones, chosen, 1, r.expertCount());
    }

    private static Tensor sequenceLoss(Routed r, Tensor counts) {
        long experts = r.expertCount();
        Tensor s = r.scores().div(r.scores().sum(-1)).reshape(r.sequences(), -1, experts);
        Tensor mean = s.mean(1).reshape(r.sequences(), experts);
        double choices = (double) r.experts().shape().size() / r.sequences();
        Tensor part = counts.cast(mean.dtype()).scale(experts / choices);
        return mean.mul(part).sum().scale(1.0 / r.sequences());
    }

    private static Tensor zLoss(Tensor logits) {
        Tensor max = logits.max(-1).detach();
        return logits.sub(max).exp().sum(-1).log().add(max).square().mean();
    }

    /// How evenly experts were used since the counts were last cleared, layer by layer.
    public List<RouterReport> report() {
        List<RouterReport> all = new ArrayList<>();
        loads.forEach((layer, load) -> {
            double[] counts = load.toDoubles();
            double sum = 0;
            for (double c : counts) {
                sum += c;
            }
            for (int i = 0; i < counts.length && sum > 0; i++) {
                counts[i] /= sum;
            }
            all.add(new RouterReport(layer, counts));
        });
        return all;
    }

    /// Moves the biases of routers that have one towards an even load, and clears the counts. Runs
    /// under the current interpreter.
    ///
    /// @param speed how far a bias moves; DeepSeek-V3 uses 0.001
    public void balance(Tensor speed) {
        loads.forEach((layer, load) -> {
            Tensor bias = corrections.get(layer);
            if (bias == null) {
                clear(load);
            } else {
                BalanceBias.balance(bias, load, speed);
            }
        });
    }

    /// Clears the counts.
    public void clear() {
        loads.values().forEach(RouterMonitor::clear);
    }

    private static void clear(Tensor load) {
        Assign.assign(load, Full.scalar(load.dtype(), 0));
    }
}
