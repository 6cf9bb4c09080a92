package io.chagres.train.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// A long row of token ids, in pages on the heap or in a mapped file; two bytes each when the
/// vocabulary allows it, else four, little-endian. Immutable.
final class Tokens {
    /// Bytes of a page on the heap, and of one mapping of a file.
    private static final int HEAP_PAGE = 1 << 20;

    private static final int FILE_PAGE = 1 << 30;

    private final List<ByteBuffer> pages;
    private final int width;
    private final int pageTokens;
    private final long size;

    private Tokens(List<ByteBuffer> pages, int width, int pageBytes, long size) {
        this.pages = List.copyOf(pages);
        this.width = width;
        this.pageTokens = pageBytes / width;
        this.size = size;
    }

    /// Bytes for each id of a vocabulary: 2 or 4.
    static int width(int vocabSize) {
        return vocabSize <= 1 << 16 ? 2 : 4;
    }

    /// Maps a file of ids. The mapping lasts until it is garbage; the file must not be shortened
    /// meanwhile.
    static Tokens map(Path file, int width) throws IOException {
        long bytes = Files.size(file);
        var pages = new ArrayList<ByteBuffer>();
        try (FileChannel channel = FileChannel.open(file)) {
            for (long at = 0; at < bytes; at += FILE_PAGE) {
                long length = Math.min(FILE_PAGE, bytes - at);
                pages.add(
                        channel.map(FileChannel.MapMode.READ_ONLY, at, length)
                                .order(ByteOrder.LITTLE_ENDIAN));
            }
        }
        return new Tokens(pages, width, FILE_PAGE, bytes / width);
    }

    /// Number of ids.
    long size() {
        return size;
    }

    /// Copies `count` ids that start at `from`.
    void read(long from, int[] to, int offset, int count) {
        if (from < 0 || count < 0 || from > size - count) {
            throw new IndexOutOfBoundsException(
                    "tokens %d to %d of %d".formatted(from, from + count, size));
        }
        for (int i = 0; i < count; i++) {
            long at = from + i;
            ByteBuffer page = pages.get((int) (at / pageTokens));
            int index = (int) (at % pageTokens) * width;
            to[offset + i] = width == 2 ? page.getShort(index) & 0xFFFF : page.getInt(index);
        }
    }

    /// Takes ids in order.
    interface Sink {
        /// Appends an id.
        void add(int token) throws IOException;
    }

    /// Collects ids on the heap.
    static final class Builder implements Sink {
        private final List<ByteBuffer> pages = new ArrayList<>();
        private final int width;
        private long size;

        Builder(int width) {
            this.width = width;
        }

        @Override
        public void add(int token) {
            if (pages.isEmpty() || !pages.getLast().hasRemaining()) {
                pages.add(ByteBuffer.allocate(HEAP_PAGE).order(ByteOrder.LITTLE_ENDIAN));
            }
            if (width == 2) {
                pages.getLast().putShort((short) token);
            } else {
                pages.getLast().putInt(token);
            }
            size++;
        }

        Tokens build() {
            return new Tokens(pages, width, HEAP_PAGE, size);
        }
    }

    /// Writes ids to a new file.
    static final class Writer implements Sink, AutoCloseable {
        private final FileChannel channel;
        private final int width;
        private final ByteBuffer buffer =
                ByteBuffer.allocate(HEAP_PAGE).order(ByteOrder.LITTLE_ENDIAN);

        Writer(Path file, int width) throws IOException {
            this.channel =
                    FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            this.width = width;
        }

        @Override
        public void add(int token) throws IOException {
            if (!buffer.hasRemaining()) {
                flush();
            }
            if (width == 2) {
                buffer.putShort((short) token);
            } else {
                buffer.putInt(token);
            }
        }

        private void flush() throws IOException {
            buffer.flip();
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            buffer.clear();
        }

        /// Forces all that was added to the disk.
        void finish() throws IOException {
            flush();
            channel.force(true);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
