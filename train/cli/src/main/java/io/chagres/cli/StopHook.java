package io.chagres.cli;

import java.util.concurrent.CountDownLatch;
import org.jline.utils.Signals;

/// Makes the end of the process (Ctrl-C, SIGTERM) wait until some work has ended in order. A second
/// Ctrl-C does not wait.
final class StopHook implements AutoCloseable {
    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook;

    /// Stands by until it is closed.
    ///
    /// @param stop asks the work to end soon; false when there is nothing worth waiting for
    StopHook(Request stop) {
        hook =
                Thread.ofPlatform()
                        .name("stop")
                        .unstarted(() -> {
                            Signals.registerDefault("INT");
                            if (stop.ask()) {
                                await();
                            }
                        });
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /// Asks some work to end.
    @FunctionalInterface
    interface Request {
        /// Asks, and tells whether to wait for it.
        boolean ask();
    }

    private void await() {
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // somebody is in a hurry
        }
    }

    /// The work has ended.
    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook does what it is for.
            Thread.yield();
        }
    }
}
