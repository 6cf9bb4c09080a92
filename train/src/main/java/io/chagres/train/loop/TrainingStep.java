package io.chagres.train.loop;

import io.chagres.autograd.Checkpoint;
import io.chagres.autograd.Profile;
import io.chagres.autograd.Tape;
import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.attention.AttentionKind;
import io.chagres.nn.loss.TrainingLoss;
import io.chagres.nn.moe.RouterMonitor;
import io.chagres.nn.moe.RouterReport;
import io.chagres.nn.transformer.DropoutStreams;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.random.Rng;
import io.chagres.train.data.Batch;
import io.chagres.train.data.BatchTensors;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Precision;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One optimizer step, of next-token prediction or what its [Objective] says: forward and backward
/// for each micro-batch, then clipping and the update.
///
/// The loss of every micro-batch is its sum over targets divided by the number of valid targets of
/// the whole step, so n micro-batches of m sequences are one batch of n · m, whatever the lengths.
/// Used by one thread at a time.
public final class TrainingStep {
    /// What a step came to.
    ///
    /// @param loss mean loss per target, in nats
    /// @param gradientNorm global norm of the gradients before clipping
    /// @param tokens valid targets
    /// @param parts what a teacher adds, or what came of preferences, by the name of its metric
    public record Result(double loss, double gradientNorm, long tokens, Map<String, Double> parts) {
        /// Whether nothing was changed, because the loss or the norm is infinite or NaN.
        public boolean skipped() {
            return !Double.isFinite(loss) || !Double.isFinite(gradientNorm);
        }
    }

    private final Transformer model;
    private final StepLoss losses;
    private final AdamWOptimizer optimizer;
    private final TensorArena arena;
    private final double dropout;
    private final long dropoutSeed;
    private final Objective objective;
    private final int recomputed;
    private final @Nullable Adapter adapter;
    private List<RouterReport> routers = List.of();

    /// A step for a model.
    ///
    /// @param optimizer what trains the model's parameters
    /// @param arena arena for a forward and backward pass, reset after each
    /// @param precision dtype of the products; the parameters stay F32
    /// @param dropout probability of dropping an activation, 0 for none
    /// @param seed seed of dropout
    public TrainingStep(
            Transformer model,
            AdamWOptimizer optimizer,
            TensorArena arena,
            Precision precision,
            double dropout,
            long seed) {
        this(model, optimizer, arena, precision, dropout, seed, Objective.NEXT_TOKEN);
    }

    /// A step that trains more than the next token and keeps all activations.
    ///
    /// @param objective what else
    public TrainingStep(
            Transformer model,
            AdamWOptimizer optimizer,
            TensorArena arena,
            Precision precision,
            double dropout,
            long seed,
            Objective objective) {
        this(model, optimizer, arena, precision, dropout, seed, objective, 0, null);
    }

    /// A step that trains more than the next token, or an adapter.
    ///
    /// @param model the model, with the adapter where there is one
    /// @param objective what else
    /// @param recomputedBlocks how many blocks, the first ones, have their activations computed
    ///   again in the backward pass; see [Checkpoint]
    /// @param adapter whose dropout follows the seed; null for none
    public TrainingStep(
            Transformer model,
            AdamWOptimizer optimizer,
            TensorArena arena,
            Precision precision,
            double dropout,
            long seed,
            Objective objective,
            int recomputedBlocks,
            @Nullable Adapter adapter) {
        this.adapter = adapter;
        this.objective = objective;
        this.recomputed = recomputedBlocks;
        this.model = model;
        this.losses = new StepLoss(model, objective, precision, arena);
        this.optimizer = optimizer;
        this.arena = arena;
        this.dropout = dropout;
        this.dropoutSeed = new Rng(seed).nextLong();
    }

    /// Takes a step whose loss is not scaled.
    ///
    /// @param batches the micro-batches
    /// @param learningRate learning rate of this step
    /// @param clipNorm gradients with a larger global norm are scaled down to it; infinite for none
    /// @param rngOffset number of micro-batches before; the same offset drops the same elements
    public Result run(List<Batch> batches, double learningRate, double clipNorm, long rngOffset) {
        return run(batches, learningRate, clipNorm, rngOffset, 1);
    }

    /// Takes a step.
    ///
    /// @param batches the micro-batches
    /// @param learningRate learning rate of this step
    /// @param clipNorm gradients with a larger global norm are scaled down to it; infinite for none
    /// @param rngOffset number of micro-batches before; the same offset drops the same elements
    /// @param lossScale factor of the loss while gradients are taken, divided out of them before
    ///   the update
    public Result run(
            List<Batch> batches,
            double learningRate,
            double clipNorm,
            long rngOffset,
            double lossScale) {
        long tokens = batches.stream().mapToLong(Batch::validTargets).sum();
        long whole = losses.whole(batches);
        Map<String, Double> parts = new LinkedHashMap<>();
        double loss = 0;
        for (int i = 0; i < batches.size(); i++) {
            Batch batch = batches.get(i);
            long offset = rngOffset + i;
            loss +=
                    arena.call(() ->
                            Profile.step(
                                    "backward",
                                    () -> backward(batch, whole, offset, lossScale, parts)));
        }
        boolean finite = Double.isFinite(loss);
        double norm =
                arena.call(() ->
                        Profile.step(
                                "update", () -> update(learningRate, clipNorm, lossScale, finite)));
        return new Result(loss, norm, tokens, Collections.unmodifiableMap(parts));
    }

    private double backward(
            Batch batch, long whole, long rngOffset, double lossScale, Map<String, Double> parts) {
        BatchTensors in = BatchTensors.of(batch, arena);
        Transformer.Input input = input(in, rngOffset);
        if (adapter != null) {
            adapter.randomness(dropoutSeed, rngOffset);
        }
        double[] main = {Double.NaN};
        boolean asked = !objective.isPlain() || lossScale != 1;
        Function<TrainingLoss, Tensor> then =
                loss -> {
                    if (asked) {
                        main[0] = loss.nextToken().item();
                        StepLoss.addParts(loss, parts);
                    }
                    return scaled(loss.total(), lossScale);
                };
        Tensor total =
                Checkpoint.first(
                        recomputed,
                        () ->
                                Tape.valueAndGrad(
                                        optimizer.parameters(),
                                        () -> losses.of(batch, in, input, whole, then),
                                        optimizer::accumulate));
        double all = total.item();
        return asked && (lossScale != 1 || Double.isFinite(all)) ? main[0] : all;
    }

    private Tensor scaled(Tensor loss, double lossScale) {
        return lossScale == 1
                ? loss
                : loss.mul(TensorData.copyOf(arena, loss.dtype(), Shape.of(), lossScale));
    }

    /// How evenly experts were used in the last step; empty for a model without mixtures.
    public List<RouterReport> routers() {
        return routers;
    }

    private void balance(boolean done) {
        RouterMonitor monitor = objective.routers();
        if (monitor == null) {
            return;
        }
        routers = monitor.report();
        if (done && objective.biasRate() > 0) {
            monitor.balance(Full.scalar(DType.F32, objective.biasRate()));
        } else {
            monitor.clear();
        }
    }

    private Transformer.Input input(BatchTensors in, long rngOffset) {
        boolean hashes = model.config().attention() instanceof AttentionKind.Hashed;
        if (dropout == 0 && !hashes) {
            return in.input();
        }
        Tensor stream = TensorData.copyOf(arena, Shape.of(2), new long[] {dropoutSeed, rngOffset});
        return in.input(dropout, new DropoutStreams(stream));
    }

    private double update(double learningRate, double clipNorm, double lossScale, boolean finite) {
        if (!finite) {
            optimizer.discard();
            balance(false);
            return Double.NaN;
        }
        double norm = optimizer.step(learningRate, clipNorm, lossScale);
        balance(Double.isFinite(norm));
        return norm;
    }
}
