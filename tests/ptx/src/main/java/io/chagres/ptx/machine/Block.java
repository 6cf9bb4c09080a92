package io.chagres.ptx.machine;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// A block while it runs: its shared memory, warps and barriers.
public final class Block {
    /// The launch it belongs to.
    public final Launch launch;

    final int number;
    final Dim3 position;
    final int rank;
    final Block[] cluster;
    final Warp[] warps;
    final Barriers barriers;
    final long[] executed;
    private final byte[] shared;
    private final byte[] valid;
    private final @Nullable Clocks clocks;
    private final @Nullable SharedRaces races;

    /// Work of the tensor unit that has not happened yet.
    final Deque<Runnable> late = new ArrayDeque<>();

    /// Grows when something happens that a spinning warp may wait for.
    long events;

    private final BitSet before = new BitSet();
    private boolean unfenced;

    static final byte VALID = 1;
    static final byte IN_FLIGHT = 2;
    private static final long ALL_VALID = 0x0101010101010101L;

    Block(Launch launch, int number, Dim3 position, int rank, Block[] cluster) {
        this.launch = launch;
        this.number = number;
        this.position = position;
        this.rank = rank;
        this.cluster = cluster;
        shared = new byte[launch.sharedBytes()];
        valid = new byte[shared.length];
        Arrays.fill(shared, (byte) 0xff);
        int threads = (int) launch.threads().volume();
        warps = new Warp[(threads + 31) / 32];
        boolean race = launch.checks().races();
        clocks = race ? new Clocks(warps.length) : null;
        races =
                clocks == null
                        ? null
                        : new SharedRaces(
                                clocks, shared.length, warps.length, launch.checks().warpRaces());
        executed = new long[launch.kernel().steps().length];
        for (int i = 0; i < warps.length; i++) {
            int lanes = Math.min(32, threads - 32 * i);
            warps[i] = new Warp(this, i, lanes == 32 ? -1 : (1 << lanes) - 1);
        }
        barriers = new Barriers(this);
    }

    /// The bytes of shared memory.
    public byte[] shared() {
        return shared;
    }

    /// The block's place in its cluster.
    public int rank() {
        return rank;
    }

    /// A block of the cluster.
    public Block peer(int blockRank) {
        return cluster[blockRank];
    }

    /// Blocks of the cluster, or of the cooperative grid.
    public int clusterSize() {
        return cluster.length;
    }

    Clocks clocks() {
        if (clocks == null) {
            throw new IllegalStateException("no races are looked for");
        }
        return clocks;
    }

    /// Queues work of the tensor unit, or does it when copies are not late.
    public void later(Runnable work) {
        if (launch.checks().late()) {
            late.add(work);
        } else {
            work.run();
            events++;
        }
    }

    /// Something happened that a spinning warp may wait for.
    public void event() {
        for (Block b : cluster) {
            b.events++;
        }
    }

    /// Lane `lane` reads shared memory; `lane` 32 stands for the whole warp.
    public void reads(Warp w, int lane, int at, int size) {
        bounds(w, lane, at, size, "reads");
        if (launch.checks().uninitialised()) {
            for (int i = allValid(at, size) ? at + size : at; i < at + size; i++) {
                if (valid[i] != VALID) {
                    throw w.fault(
                            valid[i] == IN_FLIGHT
                                    ? PtxFault.Kind.IN_FLIGHT
                                    : PtxFault.Kind.UNINITIALISED,
                            bit(lane),
                            String.format(
                                    "reads shared memory at 0x%x, which %s",
                                    i,
                                    valid[i] == IN_FLIGHT
                                            ? "an asynchronous copy may still be writing"
                                            : "nobody has written"));
                }
            }
        }
        if (races != null && w.block == this) {
            races.read(w, lane, at, size);
        }
    }

    private boolean allValid(int at, int size) {
        return switch (size) {
            case 4 -> Bytes.getInt(valid, at) == 0x01010101;
            case 8 -> Bytes.getLong(valid, at) == ALL_VALID;
            case 16 ->
                    Bytes.getLong(valid, at) == ALL_VALID
                            && Bytes.getLong(valid, at + 8) == ALL_VALID;
            default -> false;
        };
    }

    /// Lane `lane` writes shared memory.
    public void writes(Warp w, int lane, int at, int size) {
        bounds(w, lane, at, size, "writes");
        if (races != null && w.block == this) {
            races.write(w, lane, at, size);
        }
        Arrays.fill(valid, at, at + size, VALID);
    }

    /// Lane `lane` reads and writes shared memory in one step.
    void atomicShared(Warp w, int lane, int at, int size) {
        bounds(w, lane, at, size, "updates");
        for (int i = at; i < at + size; i++) {
            if (valid[i] != VALID && launch.checks().uninitialised()) {
                throw w.fault(
                        PtxFault.Kind.UNINITIALISED,
                        bit(lane),
                        String.format(
                                "updates shared memory at 0x%x, which nobody has written", i));
            }
        }
        w.acquire(at);
        w.release(at);
    }

    /// An asynchronous copy by `lane` to shared memory begins.
    public void copyBegins(Warp w, int lane, int at, int size) {
        bounds(w, lane, at, size, "copies to");
        if (races != null && w.block == this) {
            races.write(w, lane, at, size);
        }
        if (launch.checks().late()) {
            Arrays.fill(valid, at, at + size, IN_FLIGHT);
            Arrays.fill(shared, at, at + size, (byte) 0xff);
        }
    }

    /// It has ended, seen from `lane`, or from no lane in particular when `w` is null.
    public void copyEnds(@Nullable Warp w, int lane, int at, int size) {
        Arrays.fill(valid, at, at + size, VALID);
        if (races != null && w != null && w.block == this) {
            races.write(w, lane, at, size);
        }
    }

    private void bounds(Warp w, int lane, int at, int size, String does) {
        if (at < 0 || at + size > shared.length) {
            throw w.fault(
                    PtxFault.Kind.OUT_OF_BOUNDS,
                    bit(lane),
                    String.format(
                            "%s %d bytes of shared memory at 0x%x, the block has %d (%d static)",
                            does, size, at, shared.length, launch.kernel().staticShared()));
        }
    }

    private static int bit(int lane) {
        return lane > 31 ? -1 : 1 << lane;
    }

    // Order between blocks.

    void wroteGlobal() {
        unfenced = true;
    }

    void fenced() {
        unfenced = false;
    }

    /// An atomic at a global address: it is ordered after whoever released there.
    void atomic(Warp w, long address) {
        BitSet at = launch.released(address);
        before.or(at);
        if (!unfenced) {
            at.set(number);
            at.or(before);
        }
        clocks().acquire(w.id, address);
        clocks().release(w.id, address);
    }

    boolean orderedAfter(int other) {
        return before.get(other);
    }

    boolean orderedAfterAny() {
        return !before.isEmpty();
    }
}
