package io.chagres.cli.server;

import io.chagres.nn.generate.Generation;
import io.chagres.nn.generate.GenerationStream;
import io.chagres.nn.generate.Piece;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ObjIntConsumer;

/// Takes several answers that are being written, within some time.
final class Taking {
    private final List<GenerationStream> streams;
    private final Duration timeout;
    private final long deadline;

    /// @param timeout for all of them together, from now
    Taking(List<GenerationStream> streams, Duration timeout) {
        this.streams = streams;
        this.timeout = timeout;
        this.deadline = System.nanoTime() + timeout.toNanos();
    }

    /// Takes them whole.
    ///
    /// @throws ApiException when the time has passed; all are cancelled then
    List<Generation> all() {
        List<Generation> all = new ArrayList<>();
        for (int i = 0; i < streams.size(); i++) {
            all.add(take(i, (piece, choice) -> {}));
        }
        return all;
    }

    /// Takes them piece by piece, each on a thread of its own.
    ///
    /// @param taker is given each piece and the number of its answer
    /// @throws ApiException when the time has passed; all are cancelled then
    List<Generation> pieces(ObjIntConsumer<Piece> taker) {
        if (streams.size() == 1) {
            return List.of(take(0, taker));
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Generation>> futures = new ArrayList<>();
            for (int i = 0; i < streams.size(); i++) {
                int choice = i;
                futures.add(threads.submit(() -> take(choice, taker)));
            }
            List<Generation> all = new ArrayList<>();
            for (Future<Generation> future : futures) {
                all.add(future.get());
            }
            return all;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a model was writing", e);
        }
    }

    private Generation take(int choice, ObjIntConsumer<Piece> taker) {
        GenerationStream stream = streams.get(choice);
        try {
            while (!stream.isOver()) {
                long left = deadline - System.nanoTime();
                Piece piece = stream.poll(Duration.ofNanos(Math.max(0, left)));
                if (piece != null) {
                    taker.accept(piece, choice);
                } else if (!stream.isOver() && left <= 0) {
                    throw new ApiException(
                            504,
                            "timeout_error",
                            "the answer took more than " + timeout.toSeconds() + " seconds",
                            null,
                            "timeout");
                }
            }
            return stream.result();
        } catch (Throwable e) {
            streams.forEach(GenerationStream::cancel);
            throw e;
        }
    }
}
