package io.chagres.nn.adapter;

/// How a prefix of keys and values is made.
///
/// @param tokens tokens it stands for
/// @param inner width inside the two layers that make the prefix of smaller vectors while it is
///   trained; 0 for a prefix that is trained itself
public record PrefixConfig(int tokens, int inner) {
    private static final int MAX = 1 << 16;

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException naming the component at fault
    public PrefixConfig {
        if (tokens < 1 || tokens > MAX) {
            throw new IllegalArgumentException(
                    "num_virtual_tokens must be from 1 to " + MAX + ": " + tokens);
        }
        if (inner < 0 || inner > MAX) {
            throw new IllegalArgumentException(
                    "encoder_hidden_size must be from 1 to " + MAX + ": " + inner);
        }
    }

    /// A prefix that is trained itself.
    public static PrefixConfig of(int tokens) {
        return new PrefixConfig(tokens, 0);
    }
}
