package io.chagres.tensor.backend;

/// Makes backends of one kind; found by [java.util.ServiceLoader].
public interface BackendProvider {
    /// The kind, such as `cpu` or `cuda`.
    String kind();

    /// Which kind `auto` prefers: the highest that is available.
    int priority();

    /// Why no backend of this kind can be opened here; empty when one can.
    String unavailable();

    /// Opens a backend.
    ///
    /// @param threads host threads to compute with; 0 for one per processor
    /// @throws DeviceFailed when it cannot be opened
    Backend open(int threads);
}
