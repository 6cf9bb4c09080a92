package io.chagres.ptx.machine;

/// A warp's way to memory: finds what an address means, and checks that it may be used so.
public final class WarpMemory {
    private static final Allocation NONE = new Allocation("nothing", -1, 0, true);

    /// The bytes that [#locate] found.
    public byte[] where = {};

    private final Warp warp;
    private final byte[] local;
    private final int localBytes;
    private final boolean races;

    /// The allocation used last, which is mostly the next one too.
    private Allocation last = NONE;

    WarpMemory(Warp warp, int localBytes) {
        this.warp = warp;
        this.localBytes = localBytes;
        local = new byte[localBytes * 32];
        races = warp.block.launch.checks().races();
    }

    /// Finds `bytes` bytes at an address, checked; the array is then [#where].
    ///
    /// @return the offset in the array
    public int locate(Space space, long a, int bytes, int lane, Access access) {
        aligned(space, a, bytes, lane);
        Space s = space == Space.GENERIC ? Space.of(a) : space;
        long offset = space == Space.GENERIC ? a - s.start() : a;
        return switch (s) {
            case GLOBAL, CONST, GENERIC -> global(offset, bytes, lane, access);
            case SHARED -> shared(offset, bytes, lane, access);
            case LOCAL -> {
                if (offset < 0 || offset + bytes > localBytes) {
                    throw outside("local memory", offset, bytes, localBytes, lane);
                }
                where = local;
                yield lane * localBytes + (int) offset;
            }
            case PARAM -> {
                where = warp.block.launch.params();
                if (offset < 0 || offset + bytes > where.length || access.writes()) {
                    throw outside("the parameters", offset, bytes, where.length, lane);
                }
                yield (int) offset;
            }
        };
    }

    /// Refuses an address that is no multiple of the access's size.
    public void aligned(Space space, long a, int bytes, int lane) {
        if ((a & (bytes - 1)) != 0) {
            throw warp.fault(
                    PtxFault.Kind.MISALIGNED,
                    1 << lane,
                    String.format(
                            "address 0x%x is no multiple of %d%s", a, bytes, describe(space, a)));
        }
    }

    private int global(long a, int bytes, int lane, Access access) {
        Allocation al = last;
        long offset = a - al.base();
        if (offset < 0 || offset + bytes > al.size()) {
            al = find(a, bytes, lane, access);
            last = al;
            offset = a - al.base();
        }
        where = al.data();
        if (access.writes() && al.constant()) {
            throw warp.fault(PtxFault.Kind.OUT_OF_BOUNDS, 1 << lane, "writes to constant " + al);
        }
        if (races) {
            switch (access) {
                case READ -> al.races().read(warp, lane, (int) offset, bytes, false);
                case READ_ONLY -> al.races().read(warp, lane, (int) offset, bytes, true);
                case WRITE -> {
                    al.races().write(warp, lane, (int) offset, bytes);
                    warp.block.wroteGlobal();
                }
                case ATOMIC -> warp.block.atomic(warp, a);
            }
        }
        return (int) offset;
    }

    /// The allocation at an address, or a fault.
    public Allocation find(long a, int bytes, int lane, Access access) {
        Allocation al = warp.block.launch.memory().find(a, bytes);
        if (al == null) {
            throw warp.fault(
                    PtxFault.Kind.OUT_OF_BOUNDS,
                    1 << lane,
                    String.format(
                            "%s %d bytes of global memory at 0x%x, %s",
                            access.writes() ? "writes" : "reads",
                            bytes,
                            a,
                            warp.block.launch.memory().near(a)));
        }
        return al;
    }

    private int shared(long a, int bytes, int lane, Access access) {
        int rank = (int) (a >> Space.RANK_SHIFT) - 1;
        Block b = warp.block;
        int at = (int) a;
        if (rank >= 0 && rank < warp.block.clusterSize()) {
            b = warp.block.peer(rank);
            at = (int) a & ((1 << Space.RANK_SHIFT) - 1);
        }
        where = b.shared();
        if (access == Access.ATOMIC) {
            b.atomicShared(warp, lane, at, bytes);
        } else if (access == Access.WRITE) {
            b.writes(warp, lane, at, bytes);
        } else {
            b.reads(warp, lane, at, bytes);
        }
        return at;
    }

    private PtxFault outside(String what, long at, int bytes, int size, int lane) {
        return warp.fault(
                PtxFault.Kind.OUT_OF_BOUNDS,
                1 << lane,
                String.format("uses %d bytes of %s at 0x%x, of %d", bytes, what, at, size));
    }

    private String describe(Space space, long a) {
        if (space == Space.SHARED || space == Space.LOCAL || space == Space.PARAM) {
            return " in " + space.name().toLowerCase(java.util.Locale.ROOT) + " memory";
        }
        Allocation al = warp.block.launch.memory().find(a, 1);
        return al == null ? "" : ", in " + al;
    }

    /// Counts global traffic of the addresses in [Warp#address].
    public void countGlobal(int mask, int size, boolean write) {
        Traffic t = warp.block.launch.traffic();
        if (t != null) {
            t.global(warp.pc(), warp.address, mask, size, write);
        }
    }

    /// Counts shared wavefronts of the addresses in [Warp#address].
    public void countShared(int mask, int size) {
        Traffic t = warp.block.launch.traffic();
        if (t != null) {
            t.shared(warp.pc(), warp.address, mask, size);
        }
    }
}
