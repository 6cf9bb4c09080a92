package io.chagres.tensor.io;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// One open safetensors file: its checked header and its data, mapped read-only.
final class MappedSafeTensors implements AutoCloseable {
    private final Path path;
    private final SafeTensorsHeader header;
    private final MemorySegment data;
    private final long size;

    /// Stays open to notice that the file was cut short. Its length can be asked for without the
    /// risk that an interrupted thread closes it, which a channel runs.
    private final RandomAccessFile file;

    private MappedSafeTensors(
            Path path,
            SafeTensorsHeader header,
            MemorySegment data,
            long size,
            RandomAccessFile file) {
        this.path = path;
        this.header = header;
        this.data = data;
        this.size = size;
        this.file = file;
    }

    /// Opens, checks and maps a file.
    ///
    /// @param arena owns the mapping
    static MappedSafeTensors open(Path path, Arena arena) throws IOException {
        String name = path.toString();
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new SafeTensorsException(name, "not a regular file");
        }
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "r");
        try {
            FileChannel channel = file.getChannel();
            long size = channel.size();
            long length = headerLength(channel, size, name);
            long dataStart = Long.BYTES + length;
            SafeTensorsHeader header = header(channel, length, size - dataStart, name);
            MemorySegment data =
                    channel.map(FileChannel.MapMode.READ_ONLY, dataStart, size - dataStart, arena);
            return new MappedSafeTensors(path, header, data, size, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static long headerLength(FileChannel channel, long size, String name)
            throws IOException {
        if (size < Long.BYTES) {
            throw new SafeTensorsException(
                    name, "header length: the file has only " + size + " of its 8 bytes");
        }
        ByteBuffer first = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (first.hasRemaining()) {
            if (channel.read(first) < 0) {
                throw new EOFException(name + ": ended while its first 8 bytes were read");
            }
        }
        long length = first.getLong(0);
        if (length < 0 || length > SafeTensorsHeader.MAX_LENGTH) {
            throw new SafeTensorsException(
                    name,
                    "header length: "
                            + Long.toUnsignedString(length)
                            + " bytes are more than the format's limit of "
                            + SafeTensorsHeader.MAX_LENGTH);
        }
        if (length > size - Long.BYTES) {
            throw new SafeTensorsException(
                    name,
                    "header length: "
                            + length
                            + " bytes are more than the file's "
                            + size
                            + ": it is truncated");
        }
        return length;
    }

    private static SafeTensorsHeader header(
            FileChannel channel, long length, long dataBytes, String name) throws IOException {
        try (InputStream bytes = new Limited(Channels.newInputStream(channel), length);
                var text = new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder())) {
            return SafeTensorsHeader.parse(text, name, dataBytes);
        }
    }

    Path path() {
        return path;
    }

    SafeTensorsHeader header() {
        return header;
    }

    MemorySegment segment(SafeTensorsHeader.Entry t) {
        return data.asSlice(t.begin(), t.end() - t.begin());
    }

    /// The bytes from the beginning of one tensor to the end of another.
    MemorySegment span(SafeTensorsHeader.Entry first, SafeTensorsHeader.Entry last) {
        return data.asSlice(first.begin(), last.end() - first.begin());
    }

    /// Copies a tensor's bytes, noticing a file that shrank.
    void copy(String name, SafeTensorsHeader.Entry t, MemorySegment to) throws IOException {
        checkLength(name);
        copyGuarded(name, t, to);
        checkLength(name);
    }

    /// Copies whatever the file's length is now: Java's own copy survives a page that is gone.
    void copyGuarded(String name, SafeTensorsHeader.Entry t, MemorySegment to) {
        try {
            MemorySegment.copy(segment(t), 0, to, 0, t.end() - t.begin());
        } catch (InternalError e) {
            throw new SafeTensorsException(path.toString(), gone(name), e);
        }
    }

    private void checkLength(String name) throws IOException {
        if (file.length() < size) {
            throw new SafeTensorsException(path.toString(), gone(name));
        }
    }

    private static String gone(String name) {
        return "tensor "
                + JsonNode.quote(name)
                + ": the file was truncated after it had been opened";
    }

    /// Closes the file; the mapping lives until its arena is closed.
    @Override
    public void close() throws IOException {
        file.close();
    }

    /// The next bytes of a stream, which it leaves open.
    private static final class Limited extends InputStream {
        private final InputStream in;
        private long left;

        Limited(InputStream in, long left) {
            this.in = in;
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int n = in.read(to, offset, (int) Math.min(length, left));
            left -= Math.max(n, 0);
            return n;
        }
    }
}
