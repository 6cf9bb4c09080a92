package io.chagres.tests.device;

import io.chagres.tensor.memory.HostMemory;
import io.chagres.tensor.memory.MemorySource;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;

/// Memory that host code cannot look into: addresses are handles beyond anything a process can map,
/// and blocks have no segment. Bytes move by [#read], [#write] and [#copy] alone, or through a
/// kernel that asks for the native address behind a handle.
final class OpaqueMemory implements MemorySource {
    private static final long FIRST = 1L << 56;
    private static final long GAP = 1L << 32;

    private final TreeMap<Long, OpaqueBlock> blocks = new TreeMap<>();
    private long next = FIRST;
    private long copies;

    @Override
    public String name() {
        return "opaque:0";
    }

    @Override
    public synchronized Block allocate(long bytes) {
        OpaqueBlock block = new OpaqueBlock(this, next, HostMemory.INSTANCE.allocate(bytes));
        blocks.put(next, block);
        next += (bytes + GAP) & -64L;
        return block;
    }

    @Override
    public void write(long address, MemorySegment from) {
        countCopy();
        HostMemory.INSTANCE.write(hostAddress(address, from.byteSize()), from);
    }

    @Override
    public void read(long address, MemorySegment to) {
        countCopy();
        HostMemory.INSTANCE.read(hostAddress(address, to.byteSize()), to);
    }

    @Override
    public void copy(long from, long to, long bytes) {
        HostMemory.INSTANCE.copy(hostAddress(from, bytes), hostAddress(to, bytes), bytes);
    }

    @Override
    public void fill(long address, long bytes, byte value) {
        HostMemory.INSTANCE.fill(hostAddress(address, bytes), bytes, value);
    }

    /// The native address behind a handle.
    long hostAddress(long handle) {
        return hostAddress(handle, 0);
    }

    /// How often bytes went to the host or came from it.
    synchronized long hostCopies() {
        return copies;
    }

    /// Number of blocks not closed.
    synchronized int openBlocks() {
        return blocks.size();
    }

    private synchronized void countCopy() {
        copies++;
    }

    private synchronized long hostAddress(long handle, long bytes) {
        Map.Entry<Long, OpaqueBlock> e = blocks.floorEntry(handle);
        if (e == null || handle + bytes > e.getKey() + e.getValue().bytes()) {
            throw new IllegalArgumentException(
                    "no block of " + name() + " holds " + bytes + " bytes at " + handle);
        }
        return e.getValue().host.address() + handle - e.getKey();
    }

    private synchronized void forget(long handle) {
        blocks.remove(handle);
    }

    private static final class OpaqueBlock implements Block {
        private final OpaqueMemory memory;
        private final long handle;
        private final Block host;

        OpaqueBlock(OpaqueMemory memory, long handle, Block host) {
            this.memory = memory;
            this.handle = handle;
            this.host = host;
        }

        @Override
        public long address() {
            return handle;
        }

        @Override
        public long bytes() {
            return host.bytes();
        }

        @Override
        public MemorySegment segment() {
            throw new UnsupportedOperationException("the host cannot see " + memory.name());
        }

        @Override
        public void close() {
            memory.forget(handle);
            host.close();
        }
    }
}
