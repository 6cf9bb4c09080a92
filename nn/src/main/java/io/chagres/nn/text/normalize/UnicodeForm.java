package io.chagres.nn.text.normalize;

import io.chagres.nn.text.chars.CharClass;
import io.chagres.nn.text.chars.CharText;
import java.nio.CharBuffer;
import java.text.Normalizer.Form;

/// Unicode normalization forms NFC, NFD, NFKC and NFKD (UAX 15).
///
/// Text that already has the form is returned as it is. Otherwise the text is cut where no
/// character can interact with the one before it, and each cut is normalized alone, so that every
/// output character is known to come from a short range of the input.
///
/// @param form the form
record UnicodeForm(Form form) implements Normalizer {
    // Below these code points no character changes: U+0300 is the first combining mark, U+00A0 the
    // first with a compatibility decomposition, U+00C0 the first with a canonical one.
    private char firstAffected() {
        return switch (form) {
            case NFC -> '\u0300';
            case NFD -> '\u00C0';
            case NFKC, NFKD -> '\u00A0';
        };
    }

    @Override
    public CharText apply(CharText text) {
        char[] chars = text.chars();
        int first = text.start();
        char limit = firstAffected();
        while (first < text.end() && chars[first] < limit) {
            first++;
        }
        // The first affected character may be a mark that composes with the one before it.
        int from = Math.max(text.start(), first - 1);
        return first == text.end() || isNormalized(chars, from, text.end()) ? text : rewrite(text);
    }

    private CharText rewrite(CharText text) {
        char[] chars = text.chars();
        CharText.Builder edit = text.edit();
        for (int from = text.start(); from < text.end(); ) {
            int to = from + 1;
            while (to < text.end() && interacts(text.codePointAt(to), chars[to])) {
                to++;
            }
            if (isNormalized(chars, from, to)) {
                edit.copy(from, to);
            } else {
                edit.put(java.text.Normalizer.normalize(slice(chars, from, to), form), from, to);
            }
            from = to;
        }
        return edit.build();
    }

    private boolean isNormalized(char[] chars, int from, int to) {
        return java.text.Normalizer.isNormalized(slice(chars, from, to), form);
    }

    private static CharBuffer slice(char[] chars, int from, int to) {
        return CharBuffer.wrap(chars, from, to - from);
    }

    // Whether the character may combine with, or move across, what stands before it: marks, second
    // halves of surrogate pairs, conjoining and compatibility jamo, halfwidth sound marks, and the
    // vowel signs of Kirat Rai, which are letters yet compose.
    private static boolean interacts(int codePoint, char unit) {
        return Character.isLowSurrogate(unit)
                || (CharClass.of(codePoint) & CharClass.MARK) != 0
                || (codePoint >= 0x1160 && codePoint <= 0x11FF)
                || (codePoint >= 0x3131 && codePoint <= 0x318E)
                || (codePoint >= 0xD7B0 && codePoint <= 0xD7FF)
                || (codePoint >= 0xFF9E && codePoint <= 0xFFDC)
                || (codePoint >= 0x16D63 && codePoint <= 0x16D6A);
    }
}
