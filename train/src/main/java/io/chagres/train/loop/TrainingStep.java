package io.chagres.train.loop;

import io.chagres.autograd.Profile;
import io.chagres.autograd.Tape;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.transformer.DropoutStreams;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import io.chagres.train.data.Batch;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Precision;
import java.util.List;

/// One optimizer step of next-token prediction: forward and backward for each micro-batch, then
/// clipping and the update.
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
    public record Result(double loss, double gradientNorm, long tokens) {
        /// Whether nothing was changed, because the loss or the norm is infinite or NaN.
        public boolean skipped() {
            return !Double.isFinite(loss) || !Double.isFinite(gradientNorm);
        }
    }

    private final Transformer model;
    private final AdamWOptimizer optimizer;
    private final TensorArena arena;
    private final Precision precision;
    private final double dropout;
    private final long dropoutSeed;

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
        this.model = model;
        this.optimizer = optimizer;
        this.arena = arena;
        this.precision = precision;
        this.dropout = dropout;
        this.dropoutSeed = new Rng(seed).nextLong();
    }

    /// Takes a step.
    ///
    /// @param batches the micro-batches
    /// @param learningRate learning rate of this step
    /// @param clipNorm gradients with a larger global norm are scaled down to it; infinite for none
    /// @param rngOffset number of micro-batches before; the same offset drops the same elements
    public Result run(List<Batch> batches, double learningRate, double clipNorm, long rngOffset) {
        long tokens = batches.stream().mapToLong(Batch::validTargets).sum();
        double loss = 0;
        for (int i = 0; i < batches.size(); i++) {
            Batch batch = batches.get(i);
            long offset = rngOffset + i;
            loss +=
                    arena.call(
                            () -> Profile.step("backward", () -> backward(batch, tokens, offset)));
        }
        boolean finite = Double.isFinite(loss);
        double norm =
                arena.call(
                        () -> Profile.step("update", () -> update(learningRate, clipNorm, finite)));
        return new Result(loss, norm, tokens);
    }

    private double backward(Batch batch, long tokens, long rngOffset) {
        Shape shape = Shape.of(batch.size(), batch.sequenceLength());
        Tensor ids = Tensor.of(arena, shape, batch.inputs());
        Tensor targets = Tensor.of(arena, shape, batch.targets());
        Transformer.Input input = input(ids, rngOffset);
        return Tape.valueAndGrad(
                        optimizer.parameters(),
                        () -> precision.compute(() -> loss(input, targets, tokens)),
                        optimizer::accumulate)
                .item();
    }

    private Tensor loss(Transformer.Input input, Tensor targets, long tokens) {
        return CausalLoss.sum(model.logits(input), targets).scale(1.0 / tokens);
    }

    private Transformer.Input input(Tensor ids, long rngOffset) {
        if (dropout == 0) {
            return Transformer.Input.of(ids);
        }
        Tensor stream = TensorData.copyOf(arena, Shape.of(2), new long[] {dropoutSeed, rngOffset});
        return Transformer.Input.training(ids, dropout, new DropoutStreams(stream));
    }

    private double update(double learningRate, double clipNorm, boolean finite) {
        if (!finite) {
            optimizer.discard();
            return Double.NaN;
        }
        return optimizer.step(learningRate, clipNorm);
    }
}
