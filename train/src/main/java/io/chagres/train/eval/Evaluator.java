package io.chagres.train.eval;

import io.chagres.autograd.Autocast;
import io.chagres.nn.loss.CausalLoss;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.data.Batch;
import io.chagres.train.data.BatchTensors;
import io.chagres.train.data.Batches;
import io.chagres.train.data.TokenDataset;
import io.chagres.train.metrics.LossMeter;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Measures the loss of a model over a dataset: every target counts once, losses are summed in
/// double precision. Used by one thread at a time.
public final class Evaluator {
    /// Which part of a dataset is evaluated, and in what portions.
    ///
    /// @param sequenceLength tokens in a sequence, T
    /// @param batchSize sequences in a batch, B
    /// @param maxBatches 0 for everything; otherwise at most so many batches, of sequences spread
    ///   evenly over the dataset and the same each time
    public record Plan(int sequenceLength, int batchSize, int maxBatches) {}

    private final Transformer model;
    private final TensorArena step;
    private final DType compute;

    /// An evaluator of a model in F32.
    ///
    /// @param step arena for a forward pass, reset after each batch
    public Evaluator(Transformer model, TensorArena step) {
        this(model, step, DType.F32);
    }

    /// An evaluator of a model.
    ///
    /// @param step arena for a forward pass, reset after each batch
    /// @param compute F32, or a dtype for [Autocast]
    public Evaluator(Transformer model, TensorArena step, DType compute) {
        this.model = model;
        this.step = step;
        this.compute = compute;
    }

    /// Evaluates.
    ///
    /// @throws io.chagres.train.data.DataException when the dataset is empty
    public Evaluation evaluate(TokenDataset data, Plan plan) {
        return evaluate(data, plan, () -> false).orElseThrow();
    }

    /// Evaluates unless told to give up, which is asked before each batch.
    ///
    /// @return the result, empty when it was given up
    /// @throws io.chagres.train.data.DataException when the dataset is empty
    public Optional<Evaluation> evaluate(TokenDataset data, Plan plan, BooleanSupplier giveUp) {
        return evaluate(
                data.domains(),
                Batches.inOrder(data, plan.sequenceLength(), plan.batchSize(), plan.maxBatches()),
                giveUp);
    }

    /// Evaluates batches unless told to give up, which is asked before each.
    ///
    /// @param domains the domains of their sequences
    /// @param batches each row of which is of one domain
    /// @return the result, empty when it was given up
    public Optional<Evaluation> evaluate(
            List<String> domains, Iterable<Batch> batches, BooleanSupplier giveUp) {
        var meter = new LossMeter(domains);
        for (Batch batch : batches) {
            if (giveUp.getAsBoolean()) {
                return Optional.empty();
            }
            add(batch, meter);
        }
        return Optional.of(Evaluation.of(meter));
    }

    private void add(Batch batch, LossMeter meter) {
        float[] losses =
                step.call(() ->
                        compute == DType.F32
                                ? perToken(batch)
                                : Autocast.to(compute, () -> perToken(batch)));
        int length = batch.sequenceLength();
        for (int row = 0; row < batch.size(); row++) {
            double sum = 0;
            for (int t = 0; t < length; t++) {
                sum += losses[row * length + t];
            }
            meter.add(batch.domain(row), sum, batch.validTargets(row), batch.bytes(row));
        }
    }

    private float[] perToken(Batch batch) {
        BatchTensors in = BatchTensors.of(batch, step);
        Tensor logits = model.logits(in.input());
        return CausalLoss.perToken(logits, in.targets(), 0).toFloats();
    }
}
