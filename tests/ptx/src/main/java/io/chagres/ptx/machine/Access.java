package io.chagres.ptx.machine;

/// What an instruction does with memory.
public enum Access {
    /// Reads it.
    READ,
    /// Reads it through the cache that is not kept coherent with writes of the same launch.
    READ_ONLY,
    /// Writes it.
    WRITE,
    /// Reads and writes it in one step.
    ATOMIC;

    boolean writes() {
        return this == WRITE || this == ATOMIC;
    }
}
