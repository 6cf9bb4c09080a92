package io.chagres.tensor.memory;

import java.lang.foreign.MemorySegment;

/// Where an arena's bytes come from: the host's memory or a device's.
///
/// Addresses are numbers for kernels of the same source. Only [#read], [#write] and [#copy] move
/// bytes, so code above the kernels never needs to know whether the host can see them.
public interface MemorySource {
    /// A name for messages, such as `cpu` or `cuda:0`.
    String name();

    /// Reserves a block aligned to 64 bytes.
    Block allocate(long bytes);

    /// Copies host memory to `address`.
    void write(long address, MemorySegment from);

    /// Copies from `address` to host memory.
    void read(long address, MemorySegment to);

    /// Copies between two addresses of this source; the ranges must not overlap.
    void copy(long from, long to, long bytes);

    /// Sets bytes to a value.
    void fill(long address, long bytes, byte value);

    /// A reserved block. Closing it gives the bytes back.
    interface Block extends AutoCloseable {
        /// First address.
        long address();

        /// Size in bytes.
        long bytes();

        /// The bytes as a host segment.
        ///
        /// @throws UnsupportedOperationException when the host cannot see them
        MemorySegment segment();

        @Override
        void close();
    }
}
