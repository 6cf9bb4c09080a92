package io.chagres.kernels.cpu.pool;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A persistent pool of daemon threads for kernels. A call costs no allocation and, while the
/// workers are still spinning from the call before, well under a microsecond.
///
/// - **One job at a time.** If the pool is busy, or the caller is itself at work inside a pool's
///   job, the body runs on the calling thread with the same chunks, hence the same results. Any
///   thread may call, virtual ones too.
/// - **Chunks depend on the problem alone.** [#forRange] cuts `[0, n)` into pieces of `grain`,
///   whatever the number of threads; threads draw chunks from a counter. A body that reduces keeps
///   one partial result per chunk (`from / grain`) and the caller adds them in order.
/// - **Spin, then park.** An idle worker spins about 50 µs, which spans the gap between two kernels
///   of a model, and then parks. With more threads than processors nobody spins.
/// - **Failure.** What a body throws reaches the caller after every worker has stopped; chunks not
///   yet begun are dropped, and the pool stays usable.
///
/// **Many cores.** The caller wakes two workers, each of which wakes two more, so 64 workers start
/// after six steps instead of 63. Each worker reports on a cache line of its own; nothing but the
/// chunk counter is written by several threads. Choose `grain` so that a chunk lasts 10 µs or more:
/// 64 threads drawing from one counter need some 5 µs a round. The pool neither pins threads nor
/// knows NUMA nodes: on a machine with two sockets the operating system should interleave the
/// arenas' pages (`numactl --interleave=all`), because chunks have no home.
public final class WorkerPool implements AutoCloseable {
    /// A loop body; `worker` is below [#threads()] and unique within this call.
    @FunctionalInterface
    public interface Body {
        /// Handles the indices from `from` to `to - 1`.
        void run(Args a, long from, long to, int worker);
    }

    /// A body that every worker of a team runs once.
    @FunctionalInterface
    public interface TeamBody {
        /// Runs the part of `worker` out of `workers`.
        void run(Args a, int worker, int workers, Team team);
    }

    private static final long SPIN_NANOS = 50_000;
    private static final long CLOSED = -1;

    private final int threads;
    private final boolean spin;
    private final Thread[] workers;
    private final Team[] members;
    private final Team.State state;
    private final PaddedLongs go;
    private final PaddedLongs done;
    private final PaddedLongs parked;
    private final AtomicBoolean busy = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();

    // The current job: written by the caller before it signals, read by workers afterwards.
    private long job;
    private int crew;
    private Args args = new Args();
    private @Nullable Body body;
    private @Nullable TeamBody teamBody;
    private long size;
    private long grain;
    private @Nullable Throwable failure;
    private volatile @Nullable Thread waiter;

    /// Makes a pool of `threads`: the caller and `threads - 1` daemon workers.
    ///
    /// @throws IllegalArgumentException if `threads` is below 1
    public WorkerPool(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("a pool needs at least 1 thread, not " + threads);
        }
        this.threads = threads;
        spin = threads <= Runtime.getRuntime().availableProcessors();
        state = new Team.State(threads, spin);
        go = new PaddedLongs(threads);
        done = new PaddedLongs(threads);
        parked = new PaddedLongs(threads);
        members = new Team[threads];
        workers = new Thread[threads];
        for (int w = 0; w < threads; w++) {
            members[w] = new Team(w, state);
        }
        for (int w = 1; w < threads; w++) {
            int worker = w;
            workers[w] =
                    Thread.ofPlatform()
                            .daemon()
                            .name("chagres-worker-" + w)
                            .unstarted(() -> work(worker));
        }
        for (int w = 1; w < threads; w++) {
            workers[w].start();
        }
    }

    /// Number of threads that can work on a job, the caller included.
    public int threads() {
        return threads;
    }

    /// The calling thread's reusable parameter block. Its values belong to the next [#forRange] or
    /// [#team] of this thread; a body that makes calls of its own gets another block.
    public static Args args() {
        return Frames.current().block();
    }

    /// Runs `body` over `[0, n)` in chunks of `grain` (the last one may be shorter).
    ///
    /// @throws IllegalArgumentException if `n` is negative or `grain` below 1
    public void forRange(long n, long grain, Args a, Body body) {
        if (n < 0 || grain < 1) {
            throw new IllegalArgumentException("forRange over " + n + " by " + grain);
        }
        if (n == 0) {
            return;
        }
        Frames frames = Frames.current();
        long chunks = (n - 1) / grain + 1;
        int wanted = (int) Math.min(threads, chunks);
        if (wanted == 1 || frames.inJob || !busy.compareAndSet(false, true)) {
            frames.enter();
            try {
                for (long chunk = 0; chunk < chunks; chunk++) {
                    long from = chunk * grain;
                    body.run(a, from, Math.min(n - from, grain) + from, 0);
                }
            } finally {
                frames.leave();
            }
            return;
        }
        this.body = body;
        this.size = n;
        this.grain = grain;
        launch(frames, wanted, a);
    }

    /// Runs `body` once on each of the pool's threads, which may meet at barriers; on the calling
    /// thread alone (`workers` is then 1) if the pool is busy or this is a call from inside a job.
    public void team(Args a, TeamBody body) {
        team(threads, a, body);
    }

    /// As [#team(Args, TeamBody)] with at most `wanted` workers.
    ///
    /// @throws IllegalArgumentException if `wanted` is below 1
    public void team(int wanted, Args a, TeamBody body) {
        if (wanted < 1) {
            throw new IllegalArgumentException("a team needs at least 1 worker, not " + wanted);
        }
        Frames frames = Frames.current();
        int size = Math.min(wanted, threads);
        if (size == 1 || frames.inJob || !busy.compareAndSet(false, true)) {
            Team solo = frames.soloTeam();
            frames.enter();
            try {
                solo.beginSolo();
                body.run(a, 0, 1, solo);
            } finally {
                frames.leave();
            }
            return;
        }
        this.teamBody = body;
        launch(frames, size, a);
    }

    /// Ends the workers after the job that may be running. Later calls run on the calling thread.
    ///
    /// @throws IllegalStateException if called from inside a job, which could not end before itself
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        for (int attempt = 0; !busy.compareAndSet(false, true); attempt++) {
            if (Frames.current().inJob) {
                closed.set(false);
                throw new IllegalStateException("a pool cannot be closed from inside a job");
            }
            Backoff.pause(attempt, spin);
        }
        for (int w = 1; w < threads; w++) {
            signal(w, CLOSED);
        }
    }

    /// Runs the job whose body is set; the caller holds `busy`.
    private void launch(Frames frames, int wanted, Args a) {
        job++;
        crew = wanted;
        args = a;
        state.tickets.set(0, 0);
        state.tickets.set(1, 0);
        frames.enter();
        frames.inJob = true;
        Throwable thrown;
        try {
            wakeChildren(0);
            share(0);
            awaitCrew();
        } finally {
            frames.inJob = false;
            frames.leave();
            thrown = takeFailure();
            body = null;
            teamBody = null;
            busy.set(false);
        }
        if (thrown != null) {
            throw WorkerPool.<RuntimeException>asIs(thrown);
        }
    }

    private void work(int worker) {
        Frames.current().enter();
        Frames.current().inJob = true;
        long seen = 0;
        while (true) {
            seen = awaitJob(worker, seen);
            if (seen == CLOSED) {
                return;
            }
            wakeChildren(worker);
            share(worker);
            done.set(worker, seen);
            Thread caller = waiter;
            if (caller != null) {
                LockSupport.unpark(caller);
            }
        }
    }

    /// Does one worker's share of the job. Never throws.
    private void share(int worker) {
        try {
            Body b = body;
            if (b != null) {
                long chunks = (size - 1) / grain + 1;
                while (!state.broken) {
                    long chunk = state.tickets.getAndIncrement(0);
                    if (chunk >= chunks) {
                        break;
                    }
                    long from = chunk * grain;
                    b.run(args, from, Math.min(size - from, grain) + from, worker);
                }
            }
            TeamBody t = teamBody;
            if (t != null) {
                members[worker].begin(job, crew);
                t.run(args, worker, crew, members[worker]);
            }
        } catch (Team.Broken e) {
            // The member that failed has reported why.
        } catch (Throwable e) {
            fail(e);
        }
    }

    private synchronized void fail(Throwable e) {
        if (failure == null) {
            failure = e;
        } else if (failure != e) {
            failure.addSuppressed(e);
        }
        state.broken = true;
    }

    private @Nullable Throwable takeFailure() {
        if (!state.broken) {
            return null;
        }
        synchronized (this) {
            Throwable e = failure;
            failure = null;
            state.broken = false;
            return e;
        }
    }

    private void wakeChildren(int worker) {
        int last = Math.min(2 * worker + 2, crew - 1);
        for (int child = 2 * worker + 1; child <= last; child++) {
            signal(child, job);
        }
    }

    private void signal(int worker, long value) {
        go.set(worker, value);
        if (parked.get(worker) != 0) {
            LockSupport.unpark(workers[worker]);
        }
    }

    private long awaitJob(int worker, long seen) {
        if (spin) {
            long start = System.nanoTime();
            for (int i = 1; (i & 63) != 0 || System.nanoTime() - start < SPIN_NANOS; i++) {
                if (go.get(worker) != seen) {
                    return go.get(worker);
                }
                Thread.onSpinWait();
            }
        }
        parked.set(worker, 1);
        long now = go.get(worker);
        while (now == seen) {
            LockSupport.park(this);
            Thread.interrupted();
            now = go.get(worker);
        }
        parked.set(worker, 0);
        return now;
    }

    /// Waits for the workers of the current job, first spinning, then parked.
    private void awaitCrew() {
        boolean interrupted = false;
        int attempt = 0;
        for (int w = 1; w < crew; w++) {
            while (done.get(w) != job) {
                if (attempt++ < 2_000 && spin) {
                    Thread.onSpinWait();
                    continue;
                }
                waiter = Thread.currentThread();
                if (done.get(w) != job) {
                    LockSupport.park(this);
                    interrupted |= Thread.interrupted();
                }
            }
        }
        waiter = null;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T asIs(Throwable e) throws T {
        throw (T) e;
    }
}
