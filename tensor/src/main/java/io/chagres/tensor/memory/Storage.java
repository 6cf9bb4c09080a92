package io.chagres.tensor.memory;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Bytes inside an arena, valid until they are freed or the arena is reset. Tensors that are views
/// of each other share one storage, so freeing it ends them all.
public final class Storage {
    private final TensorArena arena;
    private final long address;
    private final long bytes;
    private final int generation;
    private final @Nullable MemorySegment segment;
    private final Object owner;
    private final long serial;
    private final @Nullable Throwable site;
    private boolean freed;
    private int pins;

    Storage(
            TensorArena arena,
            long address,
            long bytes,
            int generation,
            @Nullable MemorySegment segment,
            Object owner,
            long serial,
            @Nullable Throwable site) {
        this.arena = arena;
        this.address = address;
        this.bytes = bytes;
        this.generation = generation;
        this.segment = segment;
        this.owner = owner;
        this.serial = serial;
        this.site = site;
    }

    /// The arena that holds the bytes.
    public TensorArena arena() {
        return arena;
    }

    /// Size in bytes.
    public long bytes() {
        return bytes;
    }

    /// What asked for the bytes: an op or a label.
    public Object owner() {
        return owner;
    }

    /// Counts the allocations of the arena: a storage made later has a larger number.
    public long serial() {
        return serial;
    }

    /// Whether the bytes may still be used.
    public boolean isAlive() {
        return !freed && generation == arena.generation() && !arena.isClosed();
    }

    /// The first address, for kernels.
    ///
    /// @throws StaleTensor when the bytes were freed or the arena reset
    public long address() {
        check("");
        return address;
    }

    /// The bytes as a host segment.
    ///
    /// @throws StaleTensor when the bytes were freed or the arena reset
    /// @throws UnsupportedOperationException when they live on a device
    public MemorySegment segment() {
        check("");
        return segment != null ? segment : arena.segment(address, bytes);
    }

    /// Throws when the bytes are no longer valid.
    ///
    /// @param use what wanted to use them, for the message; may be empty
    public void check(Object use) {
        if (!isAlive()) {
            throw stale(use);
        }
    }

    /// Keeps the bytes alive when the scope that made them ends. A tape pins what a gradient reads.
    public void pin() {
        pins++;
    }

    /// Undoes one [#pin].
    ///
    /// @return whether nothing pins the bytes any more
    public boolean unpin() {
        if (pins == 0) {
            throw new IllegalStateException("storage of " + owner + " is not pinned");
        }
        return --pins == 0;
    }

    /// Whether something pins the bytes.
    public boolean isPinned() {
        return pins > 0;
    }

    boolean isFreed() {
        return freed;
    }

    void markFreed() {
        freed = true;
    }

    long rawAddress() {
        return address;
    }

    boolean isAdopted() {
        return segment != null;
    }

    int generation() {
        return generation;
    }

    private StaleTensor stale(Object use) {
        String why =
                arena.isClosed()
                        ? "is closed"
                        : freed ? "has freed it" : "was reset after it was made";
        String where = use.toString().isEmpty() ? "" : " (used by " + use + ")";
        StaleTensor e =
                new StaleTensor(
                        "tensor made by "
                                + owner
                                + " is no longer valid: arena '"
                                + arena.name()
                                + "' "
                                + why
                                + where
                                + "; copy values out with item(), toFloats() or copyTo(arena)");
        if (site != null) {
            e.addSuppressed(site);
        }
        return e;
    }
}
