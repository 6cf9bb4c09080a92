package io.chagres.kernels.cpu.dispatch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/// Temporary memory for primitives, which have no arena at hand: a few growing buffers, kept for
/// ever.
final class ScratchPool implements AutoCloseable {
    private static final long SMALLEST = 1 << 16;

    private final ArrayDeque<Lease> idle = new ArrayDeque<>();
    private boolean closed;

    /// Memory lent until it is closed.
    final class Lease implements AutoCloseable {
        private Arena arena = Arena.ofShared();
        private MemorySegment segment = MemorySegment.NULL;

        private Lease() {}

        private void grow(long bytes) {
            if (segment.byteSize() < bytes) {
                arena.close();
                arena = Arena.ofShared();
                segment = arena.allocate(Math.max(SMALLEST, Long.highestOneBit(bytes) << 1), 64);
            }
        }

        long address() {
            return segment.address();
        }

        @Override
        public void close() {
            give(this);
        }
    }

    Lease take(long bytes) {
        Lease lease;
        synchronized (this) {
            Lease free = idle.poll();
            lease = free == null ? new Lease() : free;
        }
        lease.grow(bytes);
        return lease;
    }

    private synchronized void give(Lease lease) {
        if (closed) {
            lease.arena.close();
        } else {
            idle.push(lease);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        while (!idle.isEmpty()) {
            idle.pop().arena.close();
        }
    }
}
