package io.chagres.nn.text.normalize;

import io.chagres.nn.text.chars.CharClass;
import io.chagres.nn.text.chars.CharText;
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

    private static CharBuffer view(CharText text) {
        return CharBuffer.wrap(text.chars(), text.start(), text.length());
    }
}
