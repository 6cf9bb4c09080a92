package io.chagres.kernels.cpu.gemm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A block of native memory that grows when more is asked of it and is otherwise reused for ever.
/// It is freed when its owner is garbage.
final class Memory {
    private static final long ALIGNMENT = 4096;

    private MemorySegment segment = MemorySegment.NULL;
    private long address;
    private long size;

    /// Address of at least `bytes` bytes; what earlier calls returned is no longer valid.
    long reserve(long bytes) {
        if (size < bytes) {
            segment = Arena.ofAuto().allocate(bytes + bytes / 8, ALIGNMENT);
            address = segment.address();
            size = segment.byteSize();
        }
        return address;
    }

    /// Address of what was reserved last.
    long address() {
        return address;
    }
}
