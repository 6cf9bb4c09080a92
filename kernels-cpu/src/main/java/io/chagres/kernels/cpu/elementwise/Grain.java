package io.chagres.kernels.cpu.elementwise;

/// Sizes of the pieces that work is cut into. They follow from shapes alone, never from the number
/// of threads, so that results do not depend on it either.
public final class Grain {
    /// Elements of a piece of a contiguous array: 32 KB of floats, a multiple of any vector.
    public static final long ELEMENTS = 8192;

    /// Elements of one call of a loop. C2 takes up a loop after some hundred calls of it, so calls
    /// are kept short enough for that to come early, and long enough not to matter.
    static final long PIECE = 1024;

    private Grain() {}

    /// Rows of a piece when rows have `n` elements: about [#ELEMENTS] in all, at least one row.
    public static long rows(long n) {
        return Math.max(1, ELEMENTS / Math.max(1, n));
    }
}
