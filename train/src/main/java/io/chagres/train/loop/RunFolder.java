package io.chagres.train.loop;

import io.chagres.tensor.io.AtomicFiles;
import io.chagres.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// The output folder of a run: `last/`, `best/`, `metrics.jsonl`, `tokenizer/` and `tokens/`. Open
/// in one process at a time; the lock goes with the process, however it ends.
final class RunFolder implements AutoCloseable {
    private static final String LOCK = ".lock";

    private final Path root;
    private final FileChannel lock;

    private RunFolder(Path root, FileChannel lock) {
        this.root = root;
        this.lock = lock;
    }

    /// Makes the folder if need be, locks it, and brings checkpoints that a crash left
    /// half-replaced back to whole ones.
    ///
    /// @throws TrainingException when another run has it open
    static RunFolder open(Path root) throws IOException {
        Files.createDirectories(root);
        FileChannel channel =
                FileChannel.open(
                        root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (lock(channel) == null) {
                throw new TrainingException("another run is writing to " + root);
            }
            RunFolder folder = new RunFolder(root, channel);
            AtomicFiles.recover(folder.last());
            AtomicFiles.recover(folder.best());
            return folder;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    Path root() {
        return root;
    }

    Path last() {
        return root.resolve("last");
    }

    Path best() {
        return root.resolve("best");
    }

    Path metrics() {
        return root.resolve(MetricsLog.FILE_NAME);
    }

    Path tensorboard() {
        return root.resolve("tensorboard");
    }

    Path tokenizer() {
        return root.resolve("tokenizer");
    }

    Path tokens() {
        return root.resolve("tokens");
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
