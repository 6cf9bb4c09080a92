package io.chagres.train.data;

import io.chagres.nn.transformer.DropoutStreams;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import org.jspecify.annotations.Nullable;

/// A batch as tensors.
///
/// @param ids I32 (B, T)
/// @param targets I32 (B, T)
/// @param positions I32 (B, T), or null for 0 … T-1
/// @param cuSeqlens offsets of packed sequences, I32 (n + 1), or null for none
public record BatchTensors(
        Tensor ids, Tensor targets, @Nullable Tensor positions, @Nullable Tensor cuSeqlens) {
    /// Copies a batch into an arena.
    public static BatchTensors of(Batch batch, TensorArena arena) {
        Shape shape = Shape.of(batch.size(), batch.sequenceLength());
        Batch.Packing packing = batch.packing();
        return new BatchTensors(
                Tensor.of(arena, shape, batch.inputs()),
                Tensor.of(arena, shape, batch.targets()),
                packing == null ? null : Tensor.of(arena, shape, packing.positions()),
                packing == null
                        ? null
                        : Tensor.of(arena, Shape.of(packing.offsets().length), packing.offsets()));
    }

    /// What a model is given of it.
    public Transformer.Input input() {
        return input(0, null);
    }

    /// What a model in training is given of it.
    ///
    /// @param dropout probability of dropping an activation
    /// @param streams randomness of dropout
    public Transformer.Input input(double dropout, @Nullable DropoutStreams streams) {
        return new Transformer.Input(ids, positions, null, cuSeqlens, dropout, streams);
    }
}
