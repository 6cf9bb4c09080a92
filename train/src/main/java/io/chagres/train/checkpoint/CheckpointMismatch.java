package io.chagres.train.checkpoint;

/// A checkpoint that a recipe cannot go on from. The message names the recipe's key at fault, both
/// values and what to do.
public final class CheckpointMismatch extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String key;

    /// Creates the error.
    ///
    /// @param key the recipe's key, such as `train.batch_size`
    /// @param problem what does not fit
    public CheckpointMismatch(String key, String problem) {
        super(
                "%s: %s; go on with the checkpoint's value, or train into another output folder"
                        .formatted(key, problem));
        this.key = key;
    }

    /// The recipe's key at fault.
    public String key() {
        return key;
    }
}
