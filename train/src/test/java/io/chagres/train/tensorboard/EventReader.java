package io.chagres.train.tensorboard;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Reads an event file record by record, checking both checksums of each; the CRC-32C is computed
/// bit by bit here, apart from what writes it.
public final class EventReader {
    private EventReader() {}

    static List<Message> read(Path file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<Message> events = new ArrayList<>();
        while (in.hasRemaining()) {
            byte[] length = new byte[Long.BYTES];
            in.get(length);
            check(length, in.getInt());
            long size = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
            byte[] data = new byte[Math.toIntExact(size)];
            in.get(data);
            check(data, in.getInt());
            events.add(Message.parse(data));
        }
        return events;
    }

    /// Tags of all summaries, in order, after a check of every record.
    public static List<String> tags(Path file) throws IOException {
        return read(file).stream()
                .filter(event -> event.has(5))
                .map(event -> event.message(5).message(1).text(1))
                .toList();
    }

    private static void check(byte[] data, int stored) {
        int crc = ~0;
        for (byte b : data) {
            crc ^= b & 0xff;
            for (int i = 0; i < 8; i++) {
                crc = crc >>> 1 ^ (crc & 1) * 0x82f63b78;
            }
        }
        crc = ~crc;
        int masked = (crc >>> 15 | crc << 17) + 0xa282ead8;
        if (masked != stored) {
            throw new IllegalStateException("a checksum of " + data.length + " bytes is wrong");
        }
    }
}
