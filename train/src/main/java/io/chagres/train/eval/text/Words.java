package io.chagres.train.eval.text;

import java.util.ArrayList;
import java.util.List;

/// Words between white space, which is what Python's `str.split` takes for white space: the metrics
/// here are defined by programs that use it.
final class Words {
    private static final int NEXT_LINE = 0x85;
    private static final int FIRST_SEPARATOR = 0x1c;
    private static final int LAST_SEPARATOR = 0x1f;

    private Words() {}

    static boolean isSpace(int c) {
        return c == ' '
                || (c >= '\t' && c <= '\r')
                || (c >= FIRST_SEPARATOR && c <= LAST_SEPARATOR)
                || c == NEXT_LINE
                || Character.isSpaceChar(c);
    }

    /// The words of a text.
    static List<String> split(String text) {
        List<String> words = new ArrayList<>();
        int start = -1;
        for (int i = 0; i < text.length(); i++) {
            boolean space = isSpace(text.charAt(i)); // white space is never a surrogate
            if (space && start >= 0) {
                words.add(text.substring(start, i));
                start = -1;
            } else if (!space && start < 0) {
                start = i;
            }
        }
        if (start >= 0) {
            words.add(text.substring(start));
        }
        return words;
    }

    /// The text without white space at its end.
    static String stripTrailing(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }
}
