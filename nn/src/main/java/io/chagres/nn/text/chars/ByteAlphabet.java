package io.chagres.nn.text.chars;

import java.util.Arrays;

/// The 256 printable characters by which GPT-2's byte-level vocabularies write bytes: a byte that
/// is a printable Latin-1 character stands for itself, the other 68 for U+0100, U+0101, … in order.
public final class ByteAlphabet {
    private static final char[] CHAR_OF = new char[256];
    private static final short[] BYTE_OF = new short[256 + 68];

    static {
        Arrays.fill(BYTE_OF, (short) -1);
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
            CHAR_OF[b] = (char) (printable ? b : next++);
            BYTE_OF[CHAR_OF[b]] = (short) b;
        }
    }

    private ByteAlphabet() {}

    /// The character that writes byte `b`.
    public static char charOf(byte b) {
        return CHAR_OF[b & 0xFF];
    }

    /// The byte (0 to 255) that `c` writes, or -1 when it is not of the alphabet.
    public static int byteOf(char c) {
        return c < BYTE_OF.length ? BYTE_OF[c] : -1;
    }

    /// Writes bytes `[from, to)` as alphabet characters.
    public static String write(byte[] bytes, int from, int to) {
        char[] out = new char[to - from];
        for (int i = from; i < to; i++) {
            out[i - from] = charOf(bytes[i]);
        }
        return new String(out);
    }

    /// All 256 characters in ascending order.
    public static char[] sorted() {
        char[] all = CHAR_OF.clone();
        Arrays.sort(all);
        return all;
    }
}
