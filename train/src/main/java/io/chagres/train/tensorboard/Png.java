package io.chagres.train.tensorboard;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// A picture of 8-bit red, green and blue, encoded as PNG without loss (ISO/IEC 15948).
///
/// @param width pixels in a row
/// @param height rows
/// @param encoded the file
public record Png(int width, int height, byte[] encoded) {
    /// Bytes of a pixel: red, green, blue.
    public static final int CHANNELS = 3;

    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final byte BITS = 8;
    private static final byte RGB = 2;

    /// Encodes a picture.
    ///
    /// @param pixels `height` rows of `width` pixels of [#CHANNELS] bytes
    /// @throws IllegalArgumentException when there are more or fewer
    public static Png of(int width, int height, byte[] pixels) {
        int row = width * CHANNELS;
        if (width < 1 || height < 1 || pixels.length != (long) row * height) {
            throw new IllegalArgumentException(
                    "%d bytes are not a picture of %d × %d"
                            .formatted(pixels.length, width, height));
        }
        byte[] filtered = new byte[(row + 1) * height]; // each row after its filter: 0, none
        for (int y = 0; y < height; y++) {
            System.arraycopy(pixels, y * row, filtered, y * (row + 1) + 1, row);
        }
        var out = new ByteArrayOutputStream();
        out.writeBytes(SIGNATURE);
        byte[] header =
                ByteBuffer.allocate(13)
                        .putInt(width)
                        .putInt(height)
                        .put(new byte[] {BITS, RGB, 0, 0, 0})
                        .array();
        chunk(out, "IHDR", header);
        chunk(out, "IDAT", deflate(filtered));
        chunk(out, "IEND", new byte[0]);
        return new Png(width, height, out.toByteArray());
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        var crc = new CRC32();
        crc.update(name);
        crc.update(data);
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(0, data.length).array());
        out.writeBytes(name);
        out.writeBytes(data);
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(0, (int) crc.getValue()).array());
    }

    private static byte[] deflate(byte[] data) {
        try (var deflater = new Deflater()) {
            deflater.setInput(data);
            deflater.finish();
            var out = new ByteArrayOutputStream();
            byte[] buffer = new byte[1 << 13];
            while (!deflater.finished()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
            return out.toByteArray();
        }
    }
}
