package io.chagres.train.eval.attention;

import io.chagres.train.tensorboard.Png;
import java.util.Arrays;

/// A layer's attention maps as a picture: a square per head, queries from top to bottom, keys from
/// left to right; the darker, the more probable.
///
/// Red is 255 · (1 - p), rounded, so the probabilities can be read back from a picture.
public final class AttentionPicture {
    private static final int SIDE = 192;
    private static final int GAP = 4;
    private static final double GREEN = 0.72;
    private static final double BLUE = 0.38;
    private static final byte FRAME = (byte) 0xd0;

    private AttentionPicture() {}

    /// Pixels of a token's side.
    public static int scale(int tokens) {
        return Math.max(1, SIDE / tokens);
    }

    /// Heads in a row.
    public static int columns(int heads) {
        return (int) Math.ceil(Math.sqrt(heads));
    }

    /// The left or upper edge, in pixels, of a head in a column or row.
    public static int edge(int place, int tokens) {
        return GAP + place * (tokens * scale(tokens) + GAP);
    }

    /// The picture of a layer.
    public static Png of(AttentionMaps maps, int layer) {
        int heads = maps.heads(layer);
        int tokens = maps.tokens();
        int columns = columns(heads);
        int rows = Math.ceilDiv(heads, columns);
        int width = edge(columns, tokens);
        int height = edge(rows, tokens);
        byte[] pixels = new byte[width * height * Png.CHANNELS];
        Arrays.fill(pixels, FRAME);
        int side = tokens * scale(tokens);
        for (int head = 0; head < heads; head++) {
            int left = edge(head % columns, tokens);
            int top = edge(head / columns, tokens);
            for (int y = 0; y < side; y++) {
                for (int x = 0; x < side; x++) {
                    int at = ((top + y) * width + left + x) * Png.CHANNELS;
                    int query = y / scale(tokens);
                    paint(pixels, at, maps.at(layer, head, query, x / scale(tokens)));
                }
            }
        }
        return Png.of(width, height, pixels);
    }

    private static void paint(byte[] pixels, int at, double p) {
        pixels[at] = (byte) Math.round(255 * (1 - p));
        pixels[at + 1] = (byte) Math.round(255 * (1 - GREEN * p));
        pixels[at + 2] = (byte) Math.round(255 * (1 - BLUE * p));
    }
}
