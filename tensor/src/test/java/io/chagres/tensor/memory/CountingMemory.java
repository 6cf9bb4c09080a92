package io.chagres.tensor.memory;

import java.lang.foreign.MemorySegment;

/// Host memory that knows how many bytes it has given out.
final class CountingMemory implements MemorySource {
    long held;
    long most;
    int requests;

    @Override
    public String name() {
        return "counting";
    }

    @Override
    public Block allocate(long bytes) {
        Block block = HostMemory.INSTANCE.allocate(bytes);
        held += bytes;
        most = Math.max(most, held);
        requests++;
        return new Block() {
            @Override
            public long address() {
                return block.address();
            }

            @Override
            public long bytes() {
                return bytes;
            }

            @Override
            public MemorySegment segment() {
                return block.segment();
            }

            @Override
            public void close() {
                held -= bytes;
                block.close();
            }
        };
    }

    @Override
    public void write(long address, MemorySegment from) {
        HostMemory.INSTANCE.write(address, from);
    }

    @Override
    public void read(long address, MemorySegment to) {
        HostMemory.INSTANCE.read(address, to);
    }

    @Override
    public void copy(long from, long to, long bytes) {
        HostMemory.INSTANCE.copy(from, to, bytes);
    }

    @Override
    public void fill(long address, long bytes, byte value) {
        HostMemory.INSTANCE.fill(address, bytes, value);
    }
}
