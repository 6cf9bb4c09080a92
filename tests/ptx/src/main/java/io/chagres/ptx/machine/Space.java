package io.chagres.ptx.machine;

/// State spaces, and the windows of generic addresses that stand for them.
public enum Space {
    /// Device memory.
    GLOBAL,
    /// Shared memory of the block, or with the cluster's window of another block of it.
    SHARED,
    /// A thread's own.
    LOCAL,
    /// The kernel's parameters.
    PARAM,
    /// Device memory that kernels only read.
    CONST,
    /// Any of them, by the address.
    GENERIC;

    /// Where generic addresses of shared memory start.
    public static final long SHARED_WINDOW = 0x7e00_0000_0000L;

    /// Where generic addresses of local memory start.
    public static final long LOCAL_WINDOW = 0x7d00_0000_0000L;

    /// Where generic addresses of parameters start.
    public static final long PARAM_WINDOW = 0x7c00_0000_0000L;

    /// Bytes of each window.
    public static final long WINDOW = 1L << 40;

    /// Shared addresses of a cluster carry the block's rank plus one above this bit.
    public static final int RANK_SHIFT = 24;

    /// What kind of address `a` is.
    public static Space of(long a) {
        if (a >= SHARED_WINDOW && a < SHARED_WINDOW + WINDOW) {
            return SHARED;
        }
        if (a >= LOCAL_WINDOW && a < LOCAL_WINDOW + WINDOW) {
            return LOCAL;
        }
        return a >= PARAM_WINDOW && a < PARAM_WINDOW + WINDOW ? PARAM : GLOBAL;
    }

    /// The generic address of `a` in this space.
    public long generic(long a) {
        return a + start();
    }

    /// Where this space's window starts; 0 for device memory.
    public long start() {
        return switch (this) {
            case SHARED -> SHARED_WINDOW;
            case LOCAL -> LOCAL_WINDOW;
            case PARAM -> PARAM_WINDOW;
            default -> 0;
        };
    }
}
