package io.chagres.nn.text.chars;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A stretch of valid UTF-16 text on its way through a tokenizer which, when *tracked*, knows for
/// each character the range of the source string it came from. Positions are absolute indices into
/// [#chars()], so a slice shares its parent's array.
///
/// Instances never change once built; callers must not write to [#chars()].
public final class CharText {
    private static final char REPLACEMENT = '\uFFFD';

    private final char[] chars;
    private final int start;
    private final int end;
    private final boolean tracked;
    private final int sourceBegin;
    // Null while every character stands where it stood in the source (or nobody asked).
    private final int @Nullable [] sourceStarts;
    private final int @Nullable [] sourceEnds;

    private CharText(
            char[] chars,
            int start,
            int end,
            boolean tracked,
            int sourceBegin,
            int @Nullable [] sourceStarts,
            int @Nullable [] sourceEnds) {
        this.chars = chars;
        this.start = start;
        this.end = end;
        this.tracked = tracked;
        this.sourceBegin = sourceBegin;
        this.sourceStarts = sourceStarts;
        this.sourceEnds = sourceEnds;
    }

    /// The whole of `source`. A surrogate without its partner has no UTF-8 form and becomes U+FFFD.
    ///
    /// @param tracked whether source ranges will be asked for
    public static CharText of(String source, boolean tracked) {
        char[] chars = source.toCharArray();
        for (int i = 0; i < chars.length; i++) {
            if (Character.isSurrogate(chars[i])) {
                if (Character.isHighSurrogate(chars[i])
                        && i + 1 < chars.length
                        && Character.isLowSurrogate(chars[i + 1])) {
                    i++;
                } else {
                    chars[i] = REPLACEMENT;
                }
            }
        }
        return new CharText(chars, 0, chars.length, tracked, 0, null, null);
    }

    /// The backing array; read only.
    public char[] chars() {
        return chars;
    }

    /// Index of the first character.
    public int start() {
        return start;
    }

    /// Index after the last character.
    public int end() {
        return end;
    }

    /// Number of UTF-16 characters.
    public int length() {
        return end - start;
    }

    /// Whether there is no character.
    public boolean isEmpty() {
        return start == end;
    }

    /// Whether source ranges are known.
    public boolean tracked() {
        return tracked;
    }

    /// Code point at index `i`.
    public int codePointAt(int i) {
        return Character.codePointAt(chars, i, end);
    }

    /// Where in the source this text begins (also known for untracked text).
    public int sourceBegin() {
        return sourceBegin;
    }

    /// Start of the source range of character `i`; tracked text only.
    public int sourceStart(int i) {
        return sourceStarts == null ? sourceBegin + i - start : sourceStarts[i];
    }

    /// End of the source range of character `i`; tracked text only.
    public int sourceEnd(int i) {
        return sourceEnds == null ? sourceBegin + i - start + 1 : sourceEnds[i];
    }

    /// Characters `[from, to)` as a text of their own, which shares the array.
    public CharText slice(int from, int to) {
        int begin =
                from == start || from == to
                        ? sourceBegin
                        : sourceStarts != null ? sourceStarts[from] : sourceBegin + from - start;
        return new CharText(chars, from, to, tracked, begin, sourceStarts, sourceEnds);
    }

    /// Starts a changed copy of this text.
    public Builder edit() {
        return new Builder(this);
    }

    @Override
    public String toString() {
        return new String(chars, start, end - start);
    }

    /// Builds a changed copy: characters are copied from the original, or put in with the range of
    /// original characters they stand for.
    public static final class Builder {
        private final CharText from;
        private final boolean tracked;
        private char[] chars;
        private int size;
        private int[] starts;
        private int[] ends;

        private Builder(CharText from) {
            this.from = from;
            tracked = from.tracked;
            int capacity = from.length() + (from.length() >> 3) + 16;
            chars = new char[capacity];
            starts = new int[tracked ? capacity : 0];
            ends = new int[tracked ? capacity : 0];
        }

        /// Index of the next character to be put.
        public int size() {
            return size;
        }

        /// Copies the original's characters `[first, last)`.
        public void copy(int first, int last) {
            reserve(last - first);
            System.arraycopy(from.chars, first, chars, size, last - first);
            if (tracked) {
                for (int i = first; i < last; i++) {
                    starts[size + i - first] = from.sourceStart(i);
                    ends[size + i - first] = from.sourceEnd(i);
                }
            }
            size += last - first;
        }

        /// Appends a changed copy of a slice of the original, which knows where it came from.
        public void append(CharText part) {
            int count = part.length();
            reserve(count);
            System.arraycopy(part.chars, part.start, chars, size, count);
            for (int i = 0; i < count && tracked; i++) {
                starts[size + i] = part.sourceStart(part.start + i);
                ends[size + i] = part.sourceEnd(part.start + i);
            }
            size += count;
        }

        /// Puts a character that stands for the original's characters `[first, last)`.
        public void put(char c, int first, int last) {
            reserve(1);
            chars[size] = c;
            if (tracked) {
                boolean known = first < last;
                int none = from.isEmpty() ? from.sourceBegin : from.sourceEnd(from.end - 1);
                starts[size] = known ? from.sourceStart(first) : none;
                ends[size] = known ? from.sourceEnd(last - 1) : none;
            }
            size++;
        }

        /// Puts every character of `text`, each standing for the original's `[first, last)`.
        public void put(CharSequence text, int first, int last) {
            for (int i = 0; i < text.length(); i++) {
                put(text.charAt(i), first, last);
            }
        }

        /// Puts one code point that stands for the original's characters `[first, last)`.
        public void putCodePoint(int codePoint, int first, int last) {
            if (Character.isBmpCodePoint(codePoint)) {
                put((char) codePoint, first, last);
            } else {
                put(Character.highSurrogate(codePoint), first, last);
                put(Character.lowSurrogate(codePoint), first, last);
            }
        }

        /// The finished text.
        public CharText build() {
            int begin = tracked && size > 0 ? starts[0] : from.sourceBegin;
            return tracked
                    ? new CharText(chars, 0, size, true, begin, starts, ends)
                    : new CharText(chars, 0, size, false, begin, null, null);
        }

        private void reserve(int more) {
            if (size + more > chars.length) {
                int capacity = Math.max(size + more, chars.length + (chars.length >> 1));
                chars = Arrays.copyOf(chars, capacity);
                if (tracked) {
                    starts = Arrays.copyOf(starts, capacity);
                    ends = Arrays.copyOf(ends, capacity);
                }
            }
        }
    }
}
