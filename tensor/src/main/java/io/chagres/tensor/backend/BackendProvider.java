package io.chagres.tensor.backend;

/// Makes backends of one kind; found by [java.util.ServiceLoader].
public interface BackendProvider {
    /// The kind, such as `cpu` or `cuda`.
    String kind();

    /// Which kind `auto` prefers: the highest that is available.
    int priority();

    /// Why no backend of this kind can be opened here; empty when one can.
    String unavailable();

    /// Opens one of several devices of this kind.
    ///
    /// @param ordinal its number, from 0
    /// @param threads host threads to compute with; 0 for one per processor
    /// @throws DeviceFailed when it cannot be opened or is not there
    default Backend open(int ordinal, int threads) {
        if (ordinal != 0) {
            throw new DeviceFailed(kind() + ":" + ordinal + ": there is only one such device");
        }
        return open(threads);
    }

    /// Opens the first backend of this kind.
    ///
    /// @param threads host threads to compute with; 0 for one per processor
    /// @throws DeviceFailed when it cannot be opened
    Backend open(int threads);
}
