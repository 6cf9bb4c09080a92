package io.chagres.ptx.machine;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Device memory: allocations at addresses with gaps between them, so that a stray access hits
/// none.
public final class GlobalMemory {
    private static final long FIRST = 0x7000_0000_0000L;
    private static final long GAP = 4096;
    private static final int ALIGN = 512;

    private final ConcurrentSkipListMap<Long, Allocation> byAddress = new ConcurrentSkipListMap<>();
    private final AtomicLong next = new AtomicLong(FIRST);
    private final AtomicLong used = new AtomicLong();
    private final long capacity;

    /// A device with `capacity` bytes.
    public GlobalMemory(long capacity) {
        this.capacity = capacity;
    }

    /// Takes `size` bytes; null when the device has not that much left.
    ///
    /// @param name what it is called in messages
    /// @param constant whether kernels may not write it
    public @Nullable Allocation allocate(String name, long size, boolean constant) {
        if (size > Integer.MAX_VALUE - 64 || used.addAndGet(size) > capacity) {
            used.addAndGet(size > Integer.MAX_VALUE - 64 ? 0 : -size);
            return null;
        }
        long span = (size + GAP + ALIGN - 1) / ALIGN * ALIGN;
        Allocation a = new Allocation(name, next.getAndAdd(span), (int) size, constant);
        byAddress.put(a.base(), a);
        return a;
    }

    /// Gives an allocation back; false when none starts at `base`.
    public boolean free(long base) {
        Allocation a = byAddress.remove(base);
        if (a != null) {
            used.addAndGet(-a.size());
        }
        return a != null;
    }

    /// The allocation that holds `bytes` bytes at `address`, or null.
    public @Nullable Allocation find(long address, long bytes) {
        Map.Entry<Long, Allocation> e = byAddress.floorEntry(address);
        if (e == null) {
            return null;
        }
        Allocation a = e.getValue();
        long offset = address - a.base();
        return offset + bytes <= a.size() && bytes >= 0 ? a : null;
    }

    /// Bytes taken.
    public long used() {
        return used.get();
    }

    /// Bytes the device has.
    public long capacity() {
        return capacity;
    }

    /// How many allocations live, variables of modules included.
    public int allocations() {
        return byAddress.size();
    }

    /// Says what is near an address that hits nothing.
    String near(long address) {
        Map.Entry<Long, Allocation> below = byAddress.floorEntry(address);
        Map.Entry<Long, Allocation> above = byAddress.ceilingEntry(address);
        if (below != null
                && (above == null || address - below.getKey() < above.getKey() - address)) {
            long past = address - below.getKey() - below.getValue().size();
            return past + " bytes past the end of " + below.getValue();
        }
        return above == null
                ? "there are no allocations"
                : above.getKey() - address + " bytes before " + above.getValue();
    }
}
