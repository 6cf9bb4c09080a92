package io.chagres.tensor.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The memory of this machine, outside the Java heap.
public final class HostMemory implements MemorySource {
    /// The one instance: host memory is the same for every backend that uses it.
    public static final HostMemory INSTANCE = new HostMemory();

    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private HostMemory() {}

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public Block allocate(long bytes) {
        Arena arena = Arena.ofShared();
        try {
            return new HostBlock(arena, arena.allocate(bytes, 64));
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    @Override
    public void write(long address, MemorySegment from) {
        MemorySegment.copy(from, 0, ALL, address, from.byteSize());
    }

    @Override
    public void read(long address, MemorySegment to) {
        MemorySegment.copy(ALL, address, to, 0, to.byteSize());
    }

    @Override
    public void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    @Override
    public void fill(long address, long bytes, byte value) {
        ALL.asSlice(address, bytes).fill(value);
    }

    private record HostBlock(Arena arena, MemorySegment segment) implements Block {
        @Override
        public long address() {
            return segment.address();
        }

        @Override
        public long bytes() {
            return segment.byteSize();
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
