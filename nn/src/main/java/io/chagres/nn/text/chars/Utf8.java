package io.chagres.nn.text.chars;

/// UTF-8 encoding between arrays, without a `CharsetEncoder`.
public final class Utf8 {
    private Utf8() {}

    /// Most bytes that `chars` UTF-16 characters can take.
    public static int maxBytes(int chars) {
        return 3 * chars;
    }

    /// Encodes the valid UTF-16 text `[from, to)` into `out` from index `at`, which must have room.
    ///
    /// @return the index after the last byte written
    public static int encode(char[] text, int from, int to, byte[] out, int at) {
        int n = at;
        for (int i = from; i < to; i++) {
            char c = text[i];
            if (c < 0x80) {
                out[n++] = (byte) c;
            } else if (c < 0x800) {
                out[n++] = (byte) (0xC0 | c >> 6);
                out[n++] = (byte) (0x80 | (c & 0x3F));
            } else if (!Character.isHighSurrogate(c)) {
                out[n++] = (byte) (0xE0 | c >> 12);
                out[n++] = (byte) (0x80 | (c >> 6 & 0x3F));
                out[n++] = (byte) (0x80 | (c & 0x3F));
            } else {
                int cp = Character.toCodePoint(c, text[++i]);
                out[n++] = (byte) (0xF0 | cp >> 18);
                out[n++] = (byte) (0x80 | (cp >> 12 & 0x3F));
                out[n++] = (byte) (0x80 | (cp >> 6 & 0x3F));
                out[n++] = (byte) (0x80 | (cp & 0x3F));
            }
        }
        return n;
    }

    /// Number of bytes a code point takes.
    public static int width(int codePoint) {
        return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    }
}
