package io.chagres.ptx.machine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A warp: 32 lanes, their registers, and where each of them is.
///
/// Lanes at one place form a group. The group with the lowest instruction runs until it meets
/// another, branches apart, waits or ends; so lanes meet again where their paths do.
public final class Warp {
    /// What a warp is doing.
    public enum State {
        /// It can run.
        READY,
        /// It polls a barrier object that is not complete.
        SPINS,
        /// It waits at a numbered barrier.
        BARRIER,
        /// It waits at the cluster's barrier.
        CLUSTER,
        /// All lanes have ended.
        DONE
    }

    /// 32-bit registers, then special ones, then constants; each has 32 lanes.
    public final int[][] r;

    /// 64-bit registers, then constants.
    public final long[][] q;

    /// Predicates, a bit a lane.
    public final int[] p;

    /// Scratch for results of which only some lanes count.
    public final int[] scratch = new int[32];

    /// Scratch like [#scratch].
    public final long[] longScratch = new long[32];

    /// Addresses of the instruction that runs.
    public final long[] address = new long[32];

    /// The block.
    public final Block block;

    /// The number in the block.
    public final int id;

    /// Copies to shared memory that are under way.
    public final AsyncCopies copies = new AsyncCopies(this);

    /// Groups of tensor-core work not waited for; the last one is open.
    public final Deque<List<Runnable>> matrixGroups = new ArrayDeque<>();

    /// The open group of tensor-core work.
    public List<Runnable> matrixOpen = new ArrayList<>();

    /// Carries of the last addition that gave any, a bit a lane.
    public int carry;

    /// The way to memory.
    public final WarpMemory memory;

    State state = State.READY;
    int live;
    int barrier;
    int vote;
    boolean clusterArrived;
    int clusterPhase;
    int clusterTarget;
    private @Nullable Reduced whenReduced;

    private final Kernel.Step[] steps;
    private final boolean races;
    private int pc;
    private int groups;
    private final int[] groupPc = new int[34];
    private final int[] groupMask = new int[34];
    private final boolean[] groupWaits = new boolean[34];

    /// Takes the result of a barrier with a reduction: how many threads voted, and of how many.
    @FunctionalInterface
    public interface Reduced {
        /// Called when the barrier is complete.
        void accept(int votes, int threads);
    }

    Warp(Block block, int id, int lanes) {
        this.block = block;
        this.id = id;
        live = lanes;
        Kernel k = block.launch.kernel();
        steps = k.steps();
        races = block.launch.checks().races();
        memory = new WarpMemory(this, k.entry().localBytes());
        int ints = k.entry().registers().ints();
        r = new int[ints + k.intConstants().length + k.specials().size()][32];
        for (int i = 0; i < k.specials().size(); i++) {
            Specials.fill(k.specials().get(i), this, r[ints + i]);
        }
        for (int i = 0; i < k.intConstants().length; i++) {
            Arrays.fill(r[ints + k.specials().size() + i], k.intConstants()[i]);
        }
        int longs = k.entry().registers().longs();
        q = new long[longs + k.longConstants().length][32];
        for (int i = 0; i < k.longConstants().length; i++) {
            Arrays.fill(q[longs + i], k.longConstants()[i]);
        }
        p = new int[Math.max(1, k.entry().registers().predicates())];
        groups = 1;
        groupMask[0] = lanes;
    }

    /// Lanes that have not ended.
    public int live() {
        return live;
    }

    /// Runs for at most about `budget` instructions; returns how many ran.
    int run(int budget) {
        state = State.READY;
        int ran = 0;
        while (state == State.READY && ran < budget) {
            int g = groups == 1 && !groupWaits[0] ? 0 : pick();
            if (g < 0) {
                state = State.DONE;
                return ran;
            }
            int mask = groupMask[g];
            int at = groupPc[g];
            remove(g);
            ran += runGroup(at, mask, budget - ran);
        }
        return ran;
    }

    private int runGroup(int start, int startMask, int budget) {
        int at = start;
        int mask = startMask;
        int stop = nextStop(at);
        long[] executed = block.executed;
        int n = 0;
        while (true) {
            if (n >= budget) {
                add(at, mask, false);
                return n;
            }
            n++;
            Kernel.Step s = steps[at];
            executed[at]++;
            pc = at;
            int m = s.guard() < 0 ? mask : mask & (p[s.guard()] ^ s.invert());
            switch (s.flow()) {
                case NEXT -> {
                    if (m != 0) {
                        s.op().run(this, m);
                    }
                    at++;
                }
                case COLLECTIVE -> {
                    if (m != 0) {
                        if (m != mask) {
                            add(at, m, false);
                            add(at + 1, mask & ~m, false);
                            return n;
                        }
                        int missing = ((Op.Collective) s.op()).needs(this, m) & ~m;
                        if (missing != 0) {
                            executed[at]--;
                            await(at, m, missing);
                            return n;
                        }
                        s.op().run(this, m);
                    }
                    at++;
                }
                case BRANCH -> {
                    if (m == mask) {
                        at = s.targets()[0];
                        if (groups > 0) {
                            add(at, mask, false);
                            return n;
                        }
                    } else if (m != 0) {
                        add(s.targets()[0], m, false);
                        add(at + 1, mask & ~m, false);
                        return n;
                    } else {
                        at++;
                    }
                }
                case TABLE -> {
                    table(s, m);
                    if (m != mask) {
                        add(at + 1, mask & ~m, false);
                    }
                    return n;
                }
                case EXIT -> {
                    live &= ~m;
                    mask &= ~m;
                    if (mask == 0) {
                        return n;
                    }
                    at++;
                }
            }
            if (state != State.READY || at == stop) {
                add(at, mask, false);
                return n;
            }
        }
    }

    private void table(Kernel.Step s, int mask) {
        for (int m = mask; m != 0; m &= m - 1) {
            int lane = Integer.numberOfTrailingZeros(m);
            int i = r[s.index()][lane];
            if (i < 0 || i >= s.targets().length) {
                throw fault(
                        PtxFault.Kind.ILLEGAL_INSTRUCTION,
                        1 << lane,
                        "branches to entry " + i + " of a table of " + s.targets().length);
            }
            add(s.targets()[i], 1 << lane, false);
        }
    }

    private int nextStop(int at) {
        int stop = Integer.MAX_VALUE;
        for (int i = 0; i < groups; i++) {
            stop = groupPc[i] > at ? Math.min(stop, groupPc[i]) : stop;
        }
        return stop;
    }

    /// The group to run next, groups at one place merged first; -1 when no lane is left.
    private int pick() {
        int best = -1;
        for (int i = 0; i < groups; i++) {
            if (!groupWaits[i] && (best < 0 || groupPc[i] < groupPc[best])) {
                best = i;
            }
        }
        if (best >= 0) {
            return best;
        }
        for (int i = 0; i < groups; i++) {
            if (missing(i) == 0) {
                groupWaits[i] = false;
                return i;
            }
        }
        if (groups == 0) {
            return -1;
        }
        pc = groupPc[0];
        throw divergent(groupMask[0], missing(0));
    }

    private int missing(int group) {
        Op.Collective op = (Op.Collective) steps[groupPc[group]].op();
        return op.needs(this, groupMask[group]) & ~groupMask[group];
    }

    private void await(int at, int mask, int missing) {
        if (groups == 0) {
            throw divergent(mask, missing);
        }
        add(at, mask, true);
    }

    private PtxFault divergent(int mask, int missing) {
        String why =
                (missing & ~live) != 0
                        ? "lanes 0x%x have ended or never were"
                        : "lanes 0x%x are elsewhere and do not come";
        return fault(
                PtxFault.Kind.DIVERGENT,
                mask,
                "must be executed by more lanes together: " + String.format(why, missing));
    }

    private void add(int at, int mask, boolean waits) {
        for (int i = 0; i < groups; i++) {
            if (groupPc[i] == at) {
                groupMask[i] |= mask;
                groupWaits[i] = false;
                return;
            }
        }
        groupPc[groups] = at;
        groupMask[groups] = mask;
        groupWaits[groups++] = waits;
    }

    private void remove(int g) {
        groups--;
        groupPc[g] = groupPc[groups];
        groupMask[g] = groupMask[groups];
        groupWaits[g] = groupWaits[groups];
    }

    // What instructions ask for.

    /// Marks the warp as polling in vain: others run first.
    public void spins() {
        state = State.SPINS;
    }

    /// Arrives at a numbered barrier, see [Barriers].
    public void barrier(int number, int threads, boolean waits) {
        vote = 0;
        block.barriers.arrive(this, number, threads, waits);
    }

    /// Arrives with a vote; `then` gets the sum when the barrier is complete.
    public void barrierReduce(int number, int threads, int votes, Reduced then) {
        block.barriers.arrive(this, number, threads, true);
        vote = votes;
        whenReduced = then;
    }

    void reduced(int votes, List<Warp> arrived) {
        Reduced then = whenReduced;
        whenReduced = null;
        vote = 0;
        if (then != null) {
            int threads = 0;
            for (Warp w : arrived) {
                threads += Integer.bitCount(w.live);
            }
            then.accept(votes, threads);
        }
    }

    /// Arrives at the cluster's barrier.
    public void clusterArrive() {
        clusterArrived = true;
        clusterTarget = clusterPhase + 1;
    }

    /// Waits at the cluster's barrier.
    public void clusterWait() {
        if (clusterTarget > clusterPhase) {
            state = State.CLUSTER;
        }
    }

    /// The lanes of the warp meet, as far as memory is concerned.
    public void met() {
        if (races) {
            block.clocks().step(id);
        }
    }

    /// Earlier writes are visible to other blocks before later ones.
    public void fenced() {
        block.fenced();
    }

    /// What the warp did so far is ordered before who acquires the barrier object at `at`.
    public void release(int at) {
        if (races) {
            block.clocks().release(id, at);
        }
    }

    /// The warp is ordered after who released the barrier object at `at`.
    public void acquire(int at) {
        if (races) {
            block.clocks().acquire(id, at);
        }
    }

    /// A fault at the current instruction, to be thrown.
    public PtxFault fault(PtxFault.Kind kind, int lanes, String message) {
        Kernel.Step s = steps[Math.min(pc, steps.length - 1)];
        String kernel = block.launch.kernel().name();
        return new PtxFault(
                kind,
                kernel,
                s.line(),
                String.format(
                        "%s in %s, line %d `%s`, block %s, warp %d, lanes 0x%08x: %s",
                        kind, kernel, s.line(), s.text(), block.position, id, lanes, message));
    }

    /// The number of the current instruction.
    int pc() {
        return pc;
    }

    String where() {
        Kernel.Step s = steps[Math.min(pc, steps.length - 1)];
        return String.format(
                "block %s warp %d %s at line %d `%s`",
                block.position, id, state, s.line(), s.text());
    }
}
