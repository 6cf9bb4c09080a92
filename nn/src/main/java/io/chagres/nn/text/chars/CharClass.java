package io.chagres.nn.text.chars;

/// The character classes that tokenizers split by, as bit masks, with a table for the first 65,536
/// code points that fills as they are met: Unicode general categories L, N, M, P and S, and the
/// White_Space property.
public final class CharClass {
    /// General category L: letters.
    public static final int LETTER = 1;

    /// General category N: numbers of all kinds.
    public static final int NUMBER = 2;

    /// Property White_Space.
    public static final int SPACE = 4;

    /// General category M: combining marks.
    public static final int MARK = 8;

    /// General category P: punctuation.
    public static final int PUNCTUATION = 16;

    /// General category S: symbols.
    public static final int SYMBOL = 32;

    // Half of a pair: the class is that of the code point, not of the char.
    private static final int SURROGATE = 64;

    // Classes and KNOWN, which makes them negative, or 0 for a code point not yet met. Threads that
    // meet one at the same time write the same.
    private static final byte[] TABLE = new byte[1 << 16];
    private static final int KNOWN = 128;

    private CharClass() {}

    /// Classes of a code point.
    public static int of(int codePoint) {
        return codePoint < TABLE.length ? table(codePoint) : compute(codePoint);
    }

    /// Classes of the code point that starts at `i`.
    public static int at(char[] text, int i, int to) {
        int classes = table(text[i]);
        return classes == SURROGATE ? of(Character.codePointAt(text, i, to)) : classes;
    }

    /// Index after the code point that starts at `i`.
    public static int after(char[] text, int i, int to) {
        return i + (table(text[i]) == SURROGATE && i + 1 < to ? 2 : 1);
    }

    /// End of the longest run from `i` of code points with any class of `mask`.
    public static int run(char[] text, int i, int to, int mask) {
        int at = i;
        while (at < to) {
            int classes = table(text[at]);
            if ((classes & mask) != 0) {
                at++;
            } else if (classes == SURROGATE && (at(text, at, to) & mask) != 0) {
                at = after(text, at, to);
            } else {
                break;
            }
        }
        return at;
    }

    /// End of the longest run from `i` of code points with no class of `mask`.
    public static int runWithout(char[] text, int i, int to, int mask) {
        int at = i;
        while (at < to) {
            int classes = table(text[at]);
            if (classes == SURROGATE) {
                if ((at(text, at, to) & mask) != 0) {
                    break;
                }
                at = after(text, at, to);
            } else if ((classes & mask) == 0) {
                at++;
            } else {
                break;
            }
        }
        return at;
    }

    /// Property White_Space.
    public static boolean isSpace(int codePoint) {
        return (of(codePoint) & SPACE) != 0;
    }

    /// General category P, or any other printable ASCII character that is neither letter nor digit.
    public static boolean isPunctuation(int codePoint) {
        return codePoint < 0x80
                ? (table(codePoint) & (PUNCTUATION | SYMBOL)) != 0
                : (of(codePoint) & PUNCTUATION) != 0;
    }

    /// What the regular expression `\w` matches: Unicode's word characters (UTS 18, annex C).
    public static boolean isWord(int codePoint) {
        int type = Character.getType(codePoint);
        return Character.isAlphabetic(codePoint)
                || (of(codePoint) & MARK) != 0
                || type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.CONNECTOR_PUNCTUATION
                || codePoint == 0x200C
                || codePoint == 0x200D;
    }

    private static int table(int c) {
        int classes = TABLE[c];
        return classes < 0 ? classes & KNOWN - 1 : meet(c);
    }

    private static int meet(int c) {
        int classes = Character.isSurrogate((char) c) ? SURROGATE : compute(c);
        TABLE[c] = (byte) (classes | KNOWN);
        return classes;
    }

    private static int compute(int codePoint) {
        int space = Character.isSpaceChar(codePoint) || isControlSpace(codePoint) ? SPACE : 0;
        return space | category(codePoint);
    }

    private static boolean isControlSpace(int codePoint) {
        return (codePoint >= '\t' && codePoint <= '\r') || codePoint == 0x85;
    }

    private static int category(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER ->
                    LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
                    NUMBER;
            case Character.NON_SPACING_MARK,
                    Character.COMBINING_SPACING_MARK,
                    Character.ENCLOSING_MARK ->
                    MARK;
            case Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.CONNECTOR_PUNCTUATION,
                    Character.OTHER_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION ->
                    PUNCTUATION;
            case Character.MATH_SYMBOL,
                    Character.CURRENCY_SYMBOL,
                    Character.MODIFIER_SYMBOL,
                    Character.OTHER_SYMBOL ->
                    SYMBOL;
            default -> 0;
        };
    }
}
