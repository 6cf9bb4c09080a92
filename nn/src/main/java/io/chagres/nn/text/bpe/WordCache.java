package io.chagres.nn.text.bpe;

import io.chagres.nn.text.chars.TokenBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Remembers the tokens of words seen before. Bounded: a new word takes the place of an older one.
/// For one thread.
///
/// Most words of most texts are at most nine ASCII characters, that is 63 bits, and at most three
/// tokens: those live in one array of longs, key beside value, and are found without comparing
/// characters. All others are kept as arrays and compared.
final class WordCache {
    /// Longest word that is remembered.
    static final int MAX_CHARS = 64;

    /// Returned by [#pack] for a word that does not fit 63 bits.
    static final long UNPACKED = 0;

    private static final int PACKED_CHARS = 9;
    private static final int PACKED_BITS = 14;
    private static final int LONG_BITS = 13;
    private static final int ID_BITS = 20;
    private static final int MAX_IDS = 3;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private final long[] packed = new long[2 << PACKED_BITS];
    private final char[] @Nullable [] words = new char[1 << LONG_BITS][];
    private final int[] @Nullable [] tokens = new int[1 << LONG_BITS][];

    /// The word `[from, to)` as a key, or [#UNPACKED].
    static long pack(char[] text, int from, int to) {
        if (to - from > PACKED_CHARS) {
            return UNPACKED;
        }
        long key = 0;
        int seen = 0;
        for (int i = from; i < to; i++) {
            int c = text[i];
            // NUL would make keys ambiguous: c - 1 is negative for it alone.
            seen |= c | c - 1;
            key = key << 7 | c;
        }
        return seen >>> 7 == 0 ? key : UNPACKED;
    }

    /// Appends the tokens of a packed word, if it is remembered.
    boolean find(long key, TokenBuffer out) {
        int at = slot(key);
        if (packed[at] != key) {
            return false;
        }
        long value = packed[at + 1];
        int count = (int) (value >>> (MAX_IDS * ID_BITS));
        for (int i = 0; i < count; i++) {
            out.add((int) (value >>> (i * ID_BITS)) & (1 << ID_BITS) - 1);
        }
        return true;
    }

    /// Remembers a packed word, unless its tokens are too many or too large; tells whether it did.
    boolean put(long key, int[] ids, int count) {
        if (count > MAX_IDS) {
            return false;
        }
        long value = (long) count << (MAX_IDS * ID_BITS);
        for (int i = 0; i < count; i++) {
            if (ids[i] >>> ID_BITS != 0) {
                return false;
            }
            value |= (long) ids[i] << (i * ID_BITS);
        }
        int at = slot(key);
        packed[at] = key;
        packed[at + 1] = value;
        return true;
    }

    /// Appends the tokens of any word, if it is remembered as characters.
    boolean find(char[] text, int from, int to, TokenBuffer out) {
        int at = slot(text, from, to);
        char[] word = words[at];
        int[] ids = tokens[at];
        if (word == null || ids == null || !Arrays.equals(word, 0, word.length, text, from, to)) {
            return false;
        }
        out.addAll(ids, ids.length);
        return true;
    }

    /// Remembers any word of at most [#MAX_CHARS] as characters.
    void put(char[] text, int from, int to, int[] ids, int count) {
        if (to - from <= MAX_CHARS) {
            int at = slot(text, from, to);
            words[at] = Arrays.copyOfRange(text, from, to);
            tokens[at] = Arrays.copyOf(ids, count);
        }
    }

    private static int slot(long key) {
        return (int) ((key * MULTIPLIER) >>> (64 - PACKED_BITS)) << 1;
    }

    private static int slot(char[] text, int from, int to) {
        long hash = 0;
        for (int i = from; i < to; i++) {
            hash = hash * 31 + text[i];
        }
        return (int) ((hash * MULTIPLIER) >>> (64 - LONG_BITS));
    }
}
