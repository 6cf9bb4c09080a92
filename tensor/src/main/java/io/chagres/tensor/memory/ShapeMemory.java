package io.chagres.tensor.memory;

import java.lang.foreign.MemorySegment;

/// Memory that is not there: addresses without bytes, for tensors of which only dtype, shape and
/// layout matter. An arena on it accounts for allocations as any other does. What is written is
/// lost, what is read is zero.
public final class ShapeMemory implements MemorySource {
    private static final long FIRST = 1 << 20;

    private long next = FIRST;

    /// Memory of its own; tensors of two of them do not mix.
    public ShapeMemory() {}

    @Override
    public String name() {
        return "shapes";
    }

    @Override
    public synchronized Block allocate(long bytes) {
        long address = next;
        long mask = TensorArena.ALIGNMENT - 1;
        next = Math.addExact(next, Math.addExact(bytes, mask) & ~mask);
        return new ShapeBlock(address, bytes);
    }

    @Override
    public void write(long address, MemorySegment from) {}

    @Override
    public void read(long address, MemorySegment to) {
        to.fill((byte) 0);
    }

    @Override
    public void copy(long from, long to, long bytes) {}

    @Override
    public void fill(long address, long bytes, byte value) {}

    private record ShapeBlock(long address, long bytes) implements Block {
        @Override
        public MemorySegment segment() {
            throw new UnsupportedOperationException("shapes have no bytes");
        }

        @Override
        public void close() {}
    }
}
