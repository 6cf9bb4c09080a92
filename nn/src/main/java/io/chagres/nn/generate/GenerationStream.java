package io.chagres.nn.generate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An answer that is being written. One thread, which may be a virtual one, takes its pieces; any
/// thread may cancel it or wait for all of it. The engine goes on whether or not pieces are taken.
///
/// ```java
/// try (var stream = model.submit("Once upon a time", options)) {
///     for (Piece piece = stream.next(); piece != null; piece = stream.next()) {
///         System.out.print(piece.text());
///     }
/// }
/// ```
public final class GenerationStream implements AutoCloseable {
    private static final Piece END = new Piece("", null);

    private final LinkedBlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
    private final CompletableFuture<Generation> done = new CompletableFuture<>();
    private final Runnable wake;
    private final StringBuilder takenText = new StringBuilder();
    private final List<ScoredToken> takenTokens = new ArrayList<>();
    private volatile boolean cancelled;
    private volatile boolean over;

    /// @param wake tells the engine that it was cancelled
    GenerationStream(Runnable wake) {
        this.wake = wake;
    }

    /// Waits for the next piece.
    ///
    /// @return null at the end of the answer
    /// @throws CancellationException when the thread is interrupted, which cancels the answer
    /// @throws RuntimeException what went wrong in the engine, after the pieces before
    public @Nullable Piece next() {
        Piece piece;
        do {
            piece = poll(Duration.ofDays(1));
        } while (piece == null && !over);
        return piece;
    }

    /// Waits for the next piece for some time.
    ///
    /// @return null when the time has passed, or at the end of the answer: see [#isOver]
    /// @throws CancellationException when the thread is interrupted, which cancels the answer
    /// @throws RuntimeException what went wrong in the engine, after the pieces before
    public @Nullable Piece poll(Duration atMost) {
        if (over) {
            return null;
        }
        Piece piece;
        try {
            piece = pieces.poll(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw interrupted();
        }
        if (piece == null) {
            return null;
        }
        if (piece == END) {
            over = true;
            result(); // throws what went wrong
            return null;
        }
        takenText.append(piece.text());
        if (piece.token() != null) {
            takenTokens.add(piece.token());
        }
        return piece;
    }

    /// Whether all pieces were taken.
    public boolean isOver() {
        return over;
    }

    /// Waits for the whole answer; pieces need not be taken.
    ///
    /// @throws CancellationException when the thread is interrupted, which cancels the answer
    /// @throws RuntimeException what went wrong in the engine
    public Generation result() {
        try {
            return done.get();
        } catch (InterruptedException e) {
            throw interrupted();
        } catch (java.util.concurrent.ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    /// The whole answer once it is there. Cancelling the future does not cancel the answer.
    public CompletableFuture<Generation> future() {
        return done.copy();
    }

    /// Ends the answer after the step under way and gives its pages back. What was written until
    /// then is its result, with [Generation.Reason#CANCELLED]. Does nothing after the end.
    public void cancel() {
        if (!cancelled) {
            cancelled = true;
            wake.run();
        }
    }

    /// Cancels what is not finished.
    @Override
    public void close() {
        cancel();
    }

    boolean isCancelled() {
        return cancelled;
    }

    /// The answer as far as it was taken.
    Generation taken(Generation whole) {
        return new Generation(
                takenText.toString(),
                whole.promptTokens(),
                takenTokens,
                Generation.Reason.CANCELLED,
                whole.timing());
    }

    void push(Piece piece) {
        pieces.add(piece);
    }

    void finish(Generation generation) {
        complete(() -> done.complete(generation));
    }

    void fail(Throwable failure) {
        complete(() -> done.completeExceptionally(failure));
    }

    /// Whoever depends on the future must not run on the engine's thread.
    private void complete(Runnable completion) {
        Thread.startVirtualThread(() -> {
            completion.run();
            pieces.add(END);
        });
    }

    private CancellationException interrupted() {
        cancel();
        Thread.currentThread().interrupt();
        return new CancellationException("interrupted while a model was writing");
    }
}
