package io.chagres.bench;

/// A [Task] whose operands are in memory.
public interface Prepared extends AutoCloseable {
    /// Computes it once.
    void run();

    /// Most bytes of tensors in use at once so far; 0 where the library does not tell.
    default long peakBytes() {
        return 0;
    }

    @Override
    void close();
}
