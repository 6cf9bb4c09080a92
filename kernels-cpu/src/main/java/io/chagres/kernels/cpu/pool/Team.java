package io.chagres.kernels.cpu.pool;

import org.jspecify.annotations.Nullable;

/// One worker's view of the team that runs a [WorkerPool.TeamBody]: a barrier, and tickets by which
/// the members share out the work between two barriers.
///
/// The barrier is a dissemination barrier: in round r a member signals the member 2^r places
/// further and waits for the one 2^r places back, so a team of n needs ⌈log₂ n⌉ rounds of one cache
/// line transfer each and no line is written by more than one thread. That is about 0.1 µs for 2
/// cores of one cache and, by the usual 0.1 µs (same socket) to 0.3 µs (across sockets) a transfer,
/// one to two microseconds for 64 cores.
public final class Team {
    /// Thrown out of a barrier when another member failed; the pool swallows it.
    static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Broken() {
            super("another member of the team failed", null, false, false);
        }
    }

    private static final int ROUNDS = 16;
    private static final int JOB_SHIFT = 24;

    private final int worker;
    private final @Nullable State shared;
    private int workers = 1;
    private long mark;
    private long soloTickets;

    /// What the members of a pool's teams share.
    static final class State {
        final PaddedLongs signals;
        final PaddedLongs tickets = new PaddedLongs(2);
        final boolean spin;
        volatile boolean broken;

        State(int threads, boolean spin) {
            signals = new PaddedLongs(threads * ROUNDS);
            this.spin = spin;
        }
    }

    Team(int worker, @Nullable State shared) {
        this.worker = worker;
        this.shared = shared;
    }

    /// A team of one, for code that is written for teams but runs on the calling thread alone.
    public static Team solo() {
        return new Team(0, null);
    }

    /// Prepares this member for job number `job`; called by the member itself.
    void begin(long job, int members) {
        workers = members;
        mark = job << JOB_SHIFT;
    }

    /// Prepares a team of one for a new body.
    void beginSolo() {
        soloTickets = 0;
    }

    /// The next of 0, 1, 2, ... that no member has drawn since the last barrier (or since the
    /// start).
    public long next() {
        State s = shared;
        return s == null ? soloTickets++ : s.tickets.getAndIncrement((int) (mark & 1));
    }

    /// Waits until every member has called this as often as this one; what members wrote before is
    /// then visible to all, and tickets start again at 0. Every member must call it equally often.
    public void barrier() {
        State s = shared;
        if (s == null) {
            soloTickets = 0;
            return;
        }
        if (worker == 0) {
            s.tickets.set((int) ((mark + 1) & 1), 0);
        }
        mark++;
        int round = 0;
        for (int step = 1; step < workers; step <<= 1) {
            int to = worker + step;
            s.signals.set((to < workers ? to : to - workers) * ROUNDS + round, mark);
            await(s, worker * ROUNDS + round);
            round++;
        }
    }

    private void await(State s, int signal) {
        for (int attempt = 0; s.signals.get(signal) < mark; attempt++) {
            if (s.broken) {
                throw new Broken();
            }
            Backoff.pause(attempt, s.spin);
        }
    }
}
