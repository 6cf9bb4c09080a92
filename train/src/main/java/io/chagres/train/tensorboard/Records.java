package io.chagres.train.tensorboard;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// The framing of TFRecord files: length (8 bytes, little-endian), masked CRC-32C of these 8 bytes,
/// the data, masked CRC-32C of the data.
final class Records {
    private static final int ROTATION = 15;
    private static final int MASK = 0xa282ead8;

    private Records() {}

    static void write(OutputStream out, byte[] data) throws IOException {
        byte[] length = littleEndian(Long.BYTES).putLong(0, data.length).array();
        out.write(length);
        out.write(littleEndian(Integer.BYTES).putInt(0, maskedCrc(length)).array());
        out.write(data);
        out.write(littleEndian(Integer.BYTES).putInt(0, maskedCrc(data)).array());
    }

    /// CRC-32C, rotated and shifted, so that a checksum of data with checksums in it is not
    /// degenerate.
    static int maskedCrc(byte[] data) {
        var crc = new CRC32C();
        crc.update(data);
        return Integer.rotateRight((int) crc.getValue(), ROTATION) + MASK;
    }

    private static ByteBuffer littleEndian(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
