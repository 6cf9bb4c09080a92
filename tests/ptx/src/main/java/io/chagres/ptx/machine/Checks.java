package io.chagres.ptx.machine;

/// What the machine looks for, and in which order it runs warps.
///
/// Bounds, alignment, divergence, masks and deadlock are always checked.
///
/// @param uninitialised reads of shared memory that nobody wrote, or that a copy is still writing
/// @param races unordered accesses to shared and global memory; blocks then run one by one
/// @param warpRaces also between lanes of one warp, which only `bar.warp.sync` orders
/// @param late asynchronous copies happen as late as the program allows, else at once
/// @param order in which order the warps of a block take turns
/// @param seed of [Order#RANDOM]
/// @param traffic count global sectors and shared bank conflicts by instruction
/// @param threads host threads over which independent blocks are spread
/// @param instructions warp instructions that a launch may execute before it counts as endless
public record Checks(
        boolean uninitialised,
        boolean races,
        boolean warpRaces,
        boolean late,
        Order order,
        long seed,
        boolean traffic,
        int threads,
        long instructions) {
    /// The order in which the warps of a block, and blocks, take turns.
    public enum Order {
        /// From the first to the last.
        FORWARD,
        /// From the last to the first.
        REVERSE,
        /// Another order each turn, by the seed.
        RANDOM
    }

    /// Everything but races and traffic, forward, one thread: for ordinary tests.
    public static final Checks STANDARD =
            new Checks(true, false, false, true, Order.FORWARD, 0, false, 1, 1L << 34);

    /// All checks.
    public static final Checks STRICT =
            new Checks(true, true, true, true, Order.FORWARD, 0, true, 1, 1L << 34);

    /// With races looked for, or not.
    public Checks withRaces(boolean on) {
        return new Checks(uninitialised, on, on, late, order, seed, traffic, threads, instructions);
    }

    /// With an order of warps.
    public Checks withOrder(Order o, long s) {
        return new Checks(
                uninitialised, races, warpRaces, late, o, s, traffic, threads, instructions);
    }

    /// With traffic counted, or not.
    public Checks withTraffic(boolean on) {
        return new Checks(
                uninitialised, races, warpRaces, late, order, seed, on, threads, instructions);
    }

    /// With so many host threads.
    public Checks withThreads(int n) {
        return new Checks(
                uninitialised, races, warpRaces, late, order, seed, traffic, n, instructions);
    }

    /// With a limit on warp instructions.
    public Checks withInstructions(long n) {
        return new Checks(uninitialised, races, warpRaces, late, order, seed, traffic, threads, n);
    }

    /// With copies as late as allowed, or at once.
    public Checks withLate(boolean on) {
        return new Checks(
                uninitialised, races, warpRaces, on, order, seed, traffic, threads, instructions);
    }
}
