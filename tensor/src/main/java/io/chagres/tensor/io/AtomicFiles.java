package io.chagres.tensor.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/// Files and folders that are either the old ones or the new ones, whole, whatever happens.
///
/// **A file** is written as `name.tmp` beside its place, forced to the disk and renamed over the
/// old one. A crash leaves the old file untouched, perhaps with a `.tmp` beside it that the next
/// write overwrites.
///
/// **A folder** cannot be renamed over another one, so three names beside it tell what is what:
///
/// | name | meaning |
/// |---|---|
/// | `name.partial` | unfinished or being deleted: rubbish |
/// | `name.new` | complete and on the disk, about to take its place |
/// | `name.old` | complete, about to be deleted |
///
/// and after a crash a reader finds:
///
/// | crash | at `name` | [#locate] opens | [#recover] leaves |
/// |---|---|---|---|
/// | while `name.partial` is written | old | old | old |
/// | after it became `name.new` | old | old | new |
/// | after `name` became `name.old` | nothing | new | new |
/// | after `name.new` became `name` | new | new | new |
/// | while `name.old` is deleted | new | new | new |
///
/// Where there was no folder before, read "old" as "nothing". One process at a time may write to a
/// place; any number may read through [#locate].
public final class AtomicFiles {
    private AtomicFiles() {}

    /// Writes the content of one file.
    @FunctionalInterface
    public interface FileBody {
        /// Writes everything to the channel, which the caller forces and closes.
        void writeTo(FileChannel channel) throws IOException;
    }

    /// Fills a folder.
    @FunctionalInterface
    public interface FolderBody {
        /// Creates all files below the folder, which exists and is empty.
        void writeTo(Path folder) throws IOException;
    }

    /// The moments between two changes on the disk, for tests that crash there.
    enum Step {
        /// The content is complete in the partial folder.
        WRITTEN,
        /// It carries the name of the complete new folder.
        COMPLETE,
        /// The old folder was moved aside.
        ASIDE,
        /// The new folder is in its place.
        PLACED,
        /// The old folder is marked as rubbish.
        DISCARDED,
        /// All done.
        DONE
    }

    /// Told of each step; a test throws from here.
    @FunctionalInterface
    interface Hook {
        void at(Step step);
    }

    /// Writes or replaces a file.
    ///
    /// @throws IOException when anything fails; a file that was there before is untouched then
    public static void writeFile(Path target, FileBody body) throws IOException {
        Path tmp = sibling(target, ".tmp");
        try {
            try (FileChannel channel =
                    FileChannel.open(
                            tmp,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE)) {
                body.writeTo(channel);
                channel.force(true);
            }
            rename(tmp, target.toAbsolutePath());
        } catch (IOException | RuntimeException e) {
            deleteQuietly(tmp, e);
            throw e;
        }
        forceFolder(parent(target));
    }

    /// Writes or replaces a file with text in UTF-8.
    public static void writeString(Path target, String text) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        writeFile(
                target,
                channel -> {
                    while (bytes.hasRemaining()) {
                        channel.write(bytes);
                    }
                });
    }

    /// Writes or replaces a whole folder. What an earlier crash left is recovered first.
    ///
    /// @throws IOException when anything fails; a folder that was there before is untouched then
    public static void writeFolder(Path target, FolderBody body) throws IOException {
        writeFolder(target, body, step -> {});
    }

    static void writeFolder(Path target, FolderBody body, Hook hook) throws IOException {
        recover(target, hook);
        Path partial = sibling(target, ".partial");
        try {
            Files.createDirectories(partial);
            body.writeTo(partial);
            forceTree(partial);
        } catch (IOException | RuntimeException e) {
            deleteQuietly(partial, e);
            throw e;
        }
        hook.at(Step.WRITTEN);
        rename(partial, sibling(target, ".new"));
        forceFolder(parent(target));
        hook.at(Step.COMPLETE);
        finish(target, hook);
        hook.at(Step.DONE);
    }

    /// Brings a place back to one whole folder after a crash: the newest complete one, as the table
    /// above says. Does nothing where there is nothing to do. Only the process that writes to the
    /// place may call this.
    ///
    /// @return whether a folder is at `target` now
    public static boolean recover(Path target) throws IOException {
        return recover(target, step -> {});
    }

    static boolean recover(Path target, Hook hook) throws IOException {
        delete(sibling(target, ".partial"));
        finish(target, hook);
        return exists(target);
    }

    /// The folder to read for a place that may be in the middle of a replacement: the place itself
    /// if it exists, else the complete new folder beside it, else the one moved aside. Changes
    /// nothing, so any process may call it at any time.
    ///
    /// @throws NoSuchFileException when there is none
    public static Path locate(Path target) throws NoSuchFileException {
        for (Path p : new Path[] {target, sibling(target, ".new"), sibling(target, ".old")}) {
            if (exists(p)) {
                return p;
            }
        }
        throw new NoSuchFileException(target.toString());
    }

    /// From any state in which `.new` and `.old` are whole: puts the newest folder in its place.
    private static void finish(Path target, Hook hook) throws IOException {
        Path fresh = sibling(target, ".new");
        Path old = sibling(target, ".old");
        if (exists(fresh)) {
            if (exists(target)) {
                discard(target, old, hook);
                rename(target, old);
                forceFolder(parent(target));
            }
            hook.at(Step.ASIDE);
            rename(fresh, target);
            forceFolder(parent(target));
            hook.at(Step.PLACED);
        }
        if (exists(target)) {
            discard(target, old, hook);
        } else if (exists(old)) {
            rename(old, target);
            forceFolder(parent(target));
        }
    }

    private static void discard(Path target, Path old, Hook hook) throws IOException {
        if (exists(old)) {
            Path partial = sibling(target, ".partial");
            rename(old, partial);
            hook.at(Step.DISCARDED);
            delete(partial);
        }
    }

    private static Path parent(Path target) throws IOException {
        Path parent = target.toAbsolutePath().normalize().getParent();
        if (parent == null) {
            throw new IOException(target + ": a file system's root cannot be replaced");
        }
        return parent;
    }

    private static Path sibling(Path target, String suffix) {
        Path p = target.toAbsolutePath().normalize();
        return p.resolveSibling(p.getFileName() + suffix);
    }

    private static boolean exists(Path p) {
        return Files.exists(p, LinkOption.NOFOLLOW_LINKS);
    }

    private static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Forces every file and folder of a tree to the disk.
    private static void forceTree(Path root) throws IOException {
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attrs)
                            throws IOException {
                        if (attrs.isRegularFile()) {
                            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                                channel.force(true);
                            }
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
                            throws IOException {
                        if (e != null) {
                            throw e;
                        }
                        forceFolder(dir);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    /// Forces a folder's entries to the disk. Windows cannot open folders and needs no such call.
    private static void forceFolder(Path folder) throws IOException {
        try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (AccessDeniedException e) {
            if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                throw e;
            }
        }
    }

    private static void deleteQuietly(Path p, Exception reason) {
        try {
            delete(p);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    /// Deletes a file or a tree, links themselves and not what they point at; absent is fine.
    private static void delete(Path p) throws IOException {
        if (!exists(p)) {
            return;
        }
        Files.walkFileTree(
                p,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attrs)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
                            throws IOException {
                        if (e != null) {
                            throw e;
                        }
                        Files.delete(dir);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
