package io.chagres.kernels.gpu.driver;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// What callers hand to the thread of a device: a ring of places, filled under a lock and carried
/// out one after the other. A caller waits only when the ring is full. Places keep what they held,
/// so the ring is also the trace of the last launches.
final class CommandRing {
    private static final int SIZE = 256;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Launch[] places = new Launch[SIZE];
    private long filled;
    private long done;
    private boolean closed;

    CommandRing(Arena arena) {
        for (int i = 0; i < SIZE; i++) {
            places[i] = new Launch(this, arena);
        }
    }

    /// The next place, to be filled and [published][#publish] by the same thread; until then others
    /// wait.
    Launch next(CudaFunction function) {
        return reserve().start(function, null);
    }

    /// Queues a task.
    void submit(Runnable task) {
        reserve().start(null, task);
        publish();
    }

    private Launch reserve() {
        lock.lock();
        while (filled - done == SIZE && !closed) {
            changed.awaitUninterruptibly();
        }
        if (closed) {
            lock.unlock();
            throw new IllegalStateException("the device is closed");
        }
        return places[(int) (filled % SIZE)];
    }

    void publish() {
        filled++;
        changed.signalAll();
        lock.unlock();
    }

    /// Gives the place that this thread is filling back.
    void abandon() {
        lock.unlock();
    }

    /// Ends [#work] once what is queued is done.
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Carries out what arrives, until [#close].
    void work(Consumer<Launch> each) {
        while (true) {
            Launch place;
            lock.lock();
            try {
                while (filled == done && !closed) {
                    changed.awaitUninterruptibly();
                }
                if (filled == done) {
                    return;
                }
                place = places[(int) (done % SIZE)];
            } finally {
                lock.unlock();
            }
            each.accept(place);
            lock.lock();
            try {
                done++;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /// The last launches, oldest first, the one being carried out last.
    List<String> trace(int most) {
        List<String> all = new ArrayList<>();
        lock.lock();
        try {
            for (long i = Math.max(0, done - most + 1); i <= Math.min(done, filled - 1); i++) {
                Launch place = places[(int) (i % SIZE)];
                if (place.function != null) {
                    all.add(place.toString());
                }
            }
        } finally {
            lock.unlock();
        }
        return all;
    }
}
