package io.chagres.train.recipe;

/// A recipe that cannot be read or makes no sense. The message names the file (or flag), the key
/// and what was expected.
public final class RecipeException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String file;
    private final String key;

    RecipeException(String file, String key, String message) {
        super(message);
        this.file = file;
        this.key = key;
    }

    /// The file, or the flag as `--key`, that is at fault.
    public String file() {
        return file;
    }

    /// The key at fault, such as `train.learning_rate`; empty when it is the file as a whole.
    public String key() {
        return key;
    }
}
