package io.chagres.tensor.memory;

/// How an arena behaves.
///
/// @param initialBytes size of the first block; it grows when more is needed
/// @param limitBytes bytes it may never exceed
/// @param debug whether freed memory is poisoned with NaN, allocation sites are recorded and a
///   report is logged when the arena closes
public record ArenaOptions(long initialBytes, long limitBytes, boolean debug) {
    /// Checks the numbers.
    public ArenaOptions {
        if (initialBytes < 0 || limitBytes < initialBytes) {
            throw new IllegalArgumentException(
                    "arena needs 0 <= initialBytes <= limitBytes, got "
                            + initialBytes
                            + " and "
                            + limitBytes);
        }
    }

    /// A first block of this size and no limit.
    public static ArenaOptions of(long initialBytes) {
        return new ArenaOptions(initialBytes, Long.MAX_VALUE, false);
    }

    /// The same with a byte limit.
    public ArenaOptions withLimit(long bytes) {
        return new ArenaOptions(Math.min(initialBytes, bytes), bytes, debug);
    }

    /// The same in debug mode.
    public ArenaOptions withDebug() {
        return new ArenaOptions(initialBytes, limitBytes, true);
    }
}
