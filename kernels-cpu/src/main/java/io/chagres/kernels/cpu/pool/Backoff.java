package io.chagres.kernels.cpu.pool;

import java.util.concurrent.locks.LockSupport;

/// How a thread waits for another that is expected to be done soon: it spins, then offers its core
/// to others, then sleeps in short steps.
final class Backoff {
    private static final int SPINS = 2_000;
    private static final int YIELDS = 200;
    private static final long NAP_NANOS = 50_000;

    private Backoff() {}

    /// Waits a little, longer as `attempt` grows from 0.
    static void pause(int attempt, boolean spin) {
        if (spin && attempt < SPINS) {
            Thread.onSpinWait();
        } else if (attempt < SPINS + YIELDS) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(NAP_NANOS);
        }
    }
}
