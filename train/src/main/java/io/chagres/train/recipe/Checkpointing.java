package io.chagres.train.recipe;

/// Which activations a training step computes again instead of keeping them; see
/// [io.chagres.autograd.Checkpoint].
public sealed interface Checkpointing {
    /// None: the fastest.
    record None() implements Checkpointing {}

    /// Those inside every block.
    record Blocks() implements Checkpointing {}

    /// Those inside as few blocks as it takes for all tensors of a run to fit a number of bytes.
    ///
    /// @param bytes the most that parameters, optimizer and step may take
    record Budget(long bytes) implements Checkpointing {
        /// Checks the number.
        public Budget {
            if (bytes <= 0) {
                throw new IllegalArgumentException("a budget of " + bytes + " bytes");
            }
        }
    }
}
