package io.chagres.nn.text.normalize;

import io.chagres.nn.text.chars.ByteAlphabet;
import io.chagres.nn.text.chars.CharClass;
import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Utf8;
import java.nio.CharBuffer;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The simple normalizers.
final class Normalizers {
    private static final int DOTTED_CAPITAL_I = 0x130;

    private Normalizers() {}

    /// Puts `prefix` before text that is not empty.
    static Normalizer prepend(String prefix) {
        return text -> {
            if (text.isEmpty()) {
                return text;
            }
            CharText.Builder edit = text.edit();
            int start = text.start();
            edit.put(prefix, start, start + Character.charCount(text.codePointAt(start)));
            edit.copy(start, text.end());
            return edit.build();
        };
    }

    /// Replaces every match of `pattern` by `content`, literally.
    static Normalizer replace(Pattern pattern, String content) {
        return text -> {
            Matcher matcher = pattern.matcher(view(text));
            if (!matcher.find()) {
                return text;
            }
            CharText.Builder edit = text.edit();
            int done = text.start();
            do {
                int from = text.start() + matcher.start();
                int to = text.start() + matcher.end();
                edit.copy(done, from);
                edit.put(content, from, to);
                done = to;
            } while (matcher.find());
            edit.copy(done, text.end());
            return edit.build();
        };
    }

    /// Replaces one character by another.
    static Normalizer replace(char from, char to) {
        return text -> {
            char[] chars = text.chars();
            CharText.Builder edit = text.edit();
            for (int i = text.start(); i < text.end(); i++) {
                edit.put(chars[i] == from ? to : chars[i], i, i + 1);
            }
            return edit.build();
        };
    }

    /// Removes white space at the ends.
    static Normalizer strip(boolean left, boolean right) {
        return text -> {
            int from = text.start();
            int to = text.end();
            // All white space is in the basic plane: one char each.
            while (left && from < to && CharClass.isSpace(text.chars()[from])) {
                from++;
            }
            while (right && from < to && CharClass.isSpace(text.chars()[to - 1])) {
                to--;
            }
            return text.slice(from, to);
        };
    }

    /// Keeps the code points that `keep` accepts.
    static Normalizer filter(IntPredicate keep) {
        return text -> {
            CharText.Builder edit = text.edit();
            for (int i = text.start(); i < text.end(); ) {
                int codePoint = text.codePointAt(i);
                int next = i + Character.charCount(codePoint);
                if (keep.test(codePoint)) {
                    edit.copy(i, next);
                }
                i = next;
            }
            return edit.build();
        };
    }

    /// Replaces each code point by another.
    static Normalizer map(IntUnaryOperator mapping) {
        return text -> {
            CharText.Builder edit = text.edit();
            for (int i = text.start(); i < text.end(); ) {
                int codePoint = text.codePointAt(i);
                int next = i + Character.charCount(codePoint);
                edit.putCodePoint(mapping.applyAsInt(codePoint), i, next);
                i = next;
            }
            return edit.build();
        };
    }

    /// Lower case, character by character, whatever the locale and context.
    static Normalizer lowercase() {
        return text -> {
            CharText.Builder edit = text.edit();
            for (int i = text.start(); i < text.end(); ) {
                int codePoint = text.codePointAt(i);
                int next = i + Character.charCount(codePoint);
                if (codePoint == DOTTED_CAPITAL_I) {
                    edit.put("i\u0307", i, next); // the one character that becomes two
                } else {
                    edit.putCodePoint(Character.toLowerCase(codePoint), i, next);
                }
                i = next;
            }
            return edit.build();
        };
    }

    /// Removes combining marks.
    static Normalizer stripAccents() {
        return filter(c -> (CharClass.of(c) & CharClass.MARK) == 0);
    }

    /// The clean-up of the NMT models: no control characters, and one kind of space.
    static Normalizer nmt() {
        Normalizer visible = filter(c -> !isControl(c));
        Normalizer spaces = map(c -> isSpaceToNmt(c) ? ' ' : c);
        return text -> spaces.apply(visible.apply(text));
    }

    private static boolean isControl(int c) {
        return (c >= 0x01 && c <= 0x08)
                || c == 0x0B
                || (c >= 0x0E && c <= 0x1F)
                || c == 0x7F
                || c == 0x8F
                || c == 0x9F;
    }

    private static boolean isSpaceToNmt(int c) {
        return switch (c) {
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD -> true;
            default -> c >= 0x200B && c <= 0x200F;
        };
    }

    /// Each byte of the UTF-8 form as a visible character.
    static Normalizer byteLevel() {
        return text -> {
            CharText.Builder edit = text.edit();
            byte[] utf8 = new byte[Utf8.maxBytes(2)];
            for (int i = text.start(); i < text.end(); ) {
                int next = i + Character.charCount(text.codePointAt(i));
                int count = Utf8.encode(text.chars(), i, next, utf8, 0);
                for (int b = 0; b < count; b++) {
                    edit.put(ByteAlphabet.charOf(utf8[b]), i, next);
                }
                i = next;
            }
            return edit.build();
        };
    }

    private static CharBuffer view(CharText text) {
        return CharBuffer.wrap(text.chars(), text.start(), text.length());
    }
}
