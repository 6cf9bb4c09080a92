package io.chagres.tensor.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Explicit memory for tensors: blocks from a [MemorySource], handed out by a deterministic
/// best-fit list of gaps, given back all at once by [#reset] or one by one by [#free].
///
/// A *weights* arena is filled once and then [sealed][#seal]. A *step* arena runs a body with
/// [#call] and is reset afterwards: results leave by value. When it overflows, a block is chained;
/// the next reset replaces the blocks by one of their joint size, so from the second reset at the
/// largest shape seen no memory is requested any more. A tensor used after its reset throws
/// [StaleTensor].
///
/// An arena is used by one thread at a time: while a [#call] runs, other threads may read tensors
/// but not allocate.
public final class TensorArena implements AutoCloseable {
    /// Alignment of every allocation, in bytes.
    public static final long ALIGNMENT = 64;

    /// Makes operations inside a [#call] put their results into the arena.
    public interface Binder {
        /// Runs the body so, and returns its result after checking that no tensor of the arena
        /// escapes with it.
        <R, X extends Throwable> R call(
                TensorArena arena, ScopedValue.CallableOp<? extends R, X> body) throws X;
    }

    private static final Logger LOG = LoggerFactory.getLogger(TensorArena.class);
    private static final long GROWTH = 16L << 20;

    private final String name;
    private final MemorySource source;
    private final Binder binder;
    private final ArenaOptions options;
    private final List<Chunk> chunks = new ArrayList<>();
    private final FreeList gaps = new FreeList();
    private final List<Storage> log = new ArrayList<>();
    private long capacity;
    private long used;
    private long peak;
    private long blocksRequested;
    private long serial;
    private int generation;
    private int depth;
    private boolean sealed;
    private boolean closed;
    private @Nullable Thread user;
    private String peakOwners = "";

    /// Creates an arena; backends do this.
    public TensorArena(String name, MemorySource source, Binder binder, ArenaOptions options) {
        this.name = name;
        this.source = source;
        this.binder = binder;
        this.options = options;
        if (options.initialBytes() > 0) {
            addChunk(options.initialBytes());
        }
    }

    /// Name for messages.
    public String name() {
        return name;
    }

    /// Where the bytes come from.
    public MemorySource source() {
        return source;
    }

    /// Number of resets so far; a storage of an earlier generation is stale.
    public int generation() {
        return generation;
    }

    /// Bytes in use now.
    public long used() {
        return used;
    }

    /// The most bytes ever in use at once.
    public long peak() {
        return peak;
    }

    /// Bytes held from the source.
    public long capacity() {
        return capacity;
    }

    /// Number of allocations so far; see [Storage#serial].
    public long serial() {
        return serial;
    }

    /// How often the source was asked for a block. Constant once the arena has seen its largest
    /// step.
    public long blocksRequested() {
        return blocksRequested;
    }

    /// Whether [#close] was called.
    public boolean isClosed() {
        return closed;
    }

    /// Starts counting the peak afresh from what is in use now.
    public void resetPeak() {
        peak = used;
    }

    /// Reserves bytes, aligned to 64.
    ///
    /// @param owner who asks, for messages: an op or a label
    /// @throws BudgetExceeded when the limit would be passed
    public Storage allocate(long bytes, Object owner) {
        checkUsable(owner);
        long size = Math.max(ALIGNMENT, align(bytes));
        if (used + size > options.limitBytes()) {
            throw overBudget(size, owner);
        }
        long at = gaps.take(size);
        if (at < 0) {
            long room = options.limitBytes() - capacity;
            if (room < size) {
                throw overBudget(size, owner);
            }
            addChunk(Math.min(room, Math.max(size, Math.max(GROWTH, capacity / 4))));
            at = gaps.take(size);
        }
        used += size;
        Throwable site = options.debug() ? new Throwable("allocated here by " + owner) : null;
        Storage s = new Storage(this, at, size, generation, null, owner, ++serial, site);
        log.add(s);
        if (used > peak) {
            peak = used;
            if (options.debug()) {
                peakOwners = topOwners();
            }
        }
        return s;
    }

    /// Makes memory owned by someone else, such as a mapped file, part of this arena without
    /// copying. It must stay valid until the arena is closed.
    public Storage adopt(MemorySegment segment, Object owner) {
        checkUsable(owner);
        if (!(source instanceof HostMemory)) {
            throw new UnsupportedOperationException(
                    "arena '"
                            + name
                            + "' lives on "
                            + source.name()
                            + ": copy "
                            + owner
                            + " to it");
        }
        return new Storage(
                this, segment.address(), segment.byteSize(), generation, segment, owner, 0, null);
    }

    /// Gives one allocation back; every view of it becomes stale. A stale storage is left alone.
    public void free(Storage s) {
        if (s.arena() != this) {
            throw new IllegalArgumentException(
                    "storage belongs to arena '" + s.arena().name() + "'");
        }
        if (s.isFreed() || s.generation() != generation || s.isAdopted()) {
            return;
        }
        s.markFreed();
        used -= s.bytes();
        if (options.debug()) {
            source.fill(s.rawAddress(), s.bytes(), (byte) 0xFF);
        }
        gaps.give(s.rawAddress(), s.bytes());
    }

    /// A point in time for [#release].
    public int mark() {
        return log.size();
    }

    /// Frees what was allocated since the mark, except pinned storages and those in `keep`.
    public void release(int mark, Storage... keep) {
        int n = mark;
        for (int i = mark; i < log.size(); i++) {
            Storage s = log.get(i);
            if (s.isFreed()) {
                continue;
            }
            if (s.isPinned() || contains(keep, s)) {
                log.set(n++, s);
            } else {
                free(s);
            }
        }
        log.subList(n, log.size()).clear();
    }

    /// Runs `body` with operations allocating here. The outermost call resets the arena when it
    /// ends; a nested one frees what it allocated.
    ///
    /// @throws StaleTensor when the body returns a tensor of this arena, also inside an array,
    ///   collection or record
    public <R, X extends Throwable> R call(ScopedValue.CallableOp<? extends R, X> body) throws X {
        Thread outer = user;
        Thread me = Thread.currentThread();
        if (outer != null && outer != me) {
            throw new IllegalStateException(
                    "arena '" + name + "' is in use by thread '" + outer.getName() + "'");
        }
        int mark = mark();
        user = me;
        depth++;
        try {
            return binder.call(this, body);
        } finally {
            depth--;
            user = outer;
            if (!closed) {
                if (depth > 0) {
                    release(mark);
                } else if (!sealed) {
                    reset();
                }
            }
        }
    }

    /// Frees everything and starts a new generation. Costs no system call unless blocks were
    /// chained.
    public void reset() {
        checkUsable("reset");
        if (depth > 0) {
            throw new IllegalStateException("arena '" + name + "' cannot be reset inside its call");
        }
        generation++;
        used = 0;
        log.clear();
        gaps.clear();
        if (chunks.size() > 1) {
            long total = capacity;
            closeChunks();
            addChunk(total);
        } else {
            for (Chunk c : chunks) {
                gaps.give(c.start, c.size);
            }
        }
        if (options.debug()) {
            for (Chunk c : chunks) {
                source.fill(c.start, c.size, (byte) 0xFF);
            }
        }
    }

    /// Ends the filling phase: from now on allocating or resetting throws.
    public void seal() {
        sealed = true;
    }

    /// Bytes per owner, largest first, as lines of text.
    public String topOwners() {
        return Owners.top(log, 8);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (depth > 0) {
            throw new IllegalStateException(
                    "arena '" + name + "' cannot be closed inside its call");
        }
        if (options.debug()) {
            LOG.info(
                    "arena '{}' closed: peak {} bytes, held {}{}",
                    name,
                    peak,
                    capacity,
                    peakOwners);
        }
        closed = true;
        closeChunks();
        log.clear();
        gaps.clear();
    }

    @Override
    public String toString() {
        return "arena '"
                + name
                + "' ("
                + used
                + " of "
                + capacity
                + " bytes used, peak "
                + peak
                + ")";
    }

    MemorySegment segment(long address, long bytes) {
        for (Chunk c : chunks) {
            if (address >= c.start && address + bytes <= c.start + c.size) {
                return c.block.segment().asSlice(address - c.start, bytes);
            }
        }
        throw new IllegalStateException("address outside arena '" + name + "'");
    }

    private void checkUsable(Object who) {
        if (closed) {
            throw new IllegalStateException("arena '" + name + "' is closed (" + who + ")");
        }
        if (sealed) {
            throw new IllegalStateException(
                    "arena '" + name + "' is sealed: " + who + " cannot allocate or reset it");
        }
        if (user != null && user != Thread.currentThread()) {
            throw new IllegalStateException(
                    "arena '" + name + "' is in use by thread '" + user.getName() + "'");
        }
    }

    private BudgetExceeded overBudget(long size, Object owner) {
        return new BudgetExceeded(
                owner
                        + " needs "
                        + size
                        + " bytes, but arena '"
                        + name
                        + "' already uses "
                        + used
                        + " of its limit of "
                        + options.limitBytes()
                        + " bytes"
                        + (used + size <= options.limitBytes() ? " and the rest is in pieces" : "")
                        + "; largest owners:"
                        + topOwners());
    }

    private void addChunk(long bytes) {
        long size = align(bytes);
        MemorySource.Block block = source.allocate(size + ALIGNMENT); // the tail keeps chunks apart
        blocksRequested++;
        chunks.add(new Chunk(block, block.address(), size));
        capacity += size;
        gaps.give(block.address(), size);
    }

    private void closeChunks() {
        for (Chunk c : chunks) {
            c.block.close();
        }
        chunks.clear();
        capacity = 0;
    }

    private static boolean contains(Storage[] all, Storage s) {
        for (Storage k : all) {
            if (k == s) {
                return true;
            }
        }
        return false;
    }

    private static long align(long bytes) {
        return Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT;
    }

    private record Chunk(MemorySource.Block block, long start, long size) {}
}
