package io.chagres.train.tensorboard;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Reads the pixels of a PNG whose rows are not filtered, checking the checksum of each chunk.
public final class PngReader {
    private PngReader() {}

    /// Red, green and blue of each pixel, by rows.
    public static byte[] pixels(Png png) throws DataFormatException {
        ByteBuffer in = ByteBuffer.wrap(png.encoded());
        in.position(8);
        byte[] filtered = new byte[png.height() * (png.width() * 3 + 1)];
        while (in.hasRemaining()) {
            byte[] data = new byte[in.getInt()];
            byte[] type = new byte[4];
            in.get(type).get(data);
            var crc = new CRC32();
            crc.update(type);
            crc.update(data);
            if ((int) crc.getValue() != in.getInt()) {
                throw new IllegalStateException("a checksum is wrong");
            }
            if (new String(type, StandardCharsets.US_ASCII).equals("IDAT")) {
                try (var inflater = new Inflater()) {
                    inflater.setInput(data);
                    inflater.inflate(filtered);
                }
            }
        }
        byte[] pixels = new byte[png.height() * png.width() * 3];
        for (int y = 0; y < png.height(); y++) {
            int row = png.width() * 3;
            System.arraycopy(filtered, y * (row + 1) + 1, pixels, y * row, row);
        }
        return pixels;
    }
}
