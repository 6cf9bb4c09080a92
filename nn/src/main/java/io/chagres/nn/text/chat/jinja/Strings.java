package io.chagres.nn.text.chat.jinja;

import io.chagres.nn.text.chars.CharClass;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Strings as Python sees them: sequences of code points.
final class Strings {
    private Strings() {}

    static boolean isSpace(int c) {
        return CharClass.isSpace(c) || (c >= 0x1C && c <= 0x1F);
    }

    /// The code points, each as a string.
    static List<String> characters(String s) {
        List<String> out = new ArrayList<>(s.length());
        s.codePoints().forEach(c -> out.add(Character.toString(c)));
        return out;
    }

    static int compare(String a, String b) {
        int i = 0;
        while (i < a.length() && i < b.length() && a.charAt(i) == b.charAt(i)) {
            i++;
        }
        if (i == a.length() || i == b.length()) {
            return Integer.compare(a.length(), b.length());
        }
        boolean pairs = Character.isLowSurrogate(a.charAt(i)) && Character.isLowSurrogate(b.charAt(i));
        int from = pairs && i > 0 ? i - 1 : i;
        return Integer.compare(a.codePointAt(from), b.codePointAt(from));
    }

    /// Removes characters at the ends.
    ///
    /// @param chars which, white space when `null`
    static String strip(String s, @Nullable String chars, boolean left, boolean right) {
        IntPredicate goes = chars == null ? Strings::isSpace : c -> chars.indexOf(c) >= 0;
        int from = 0;
        int to = s.length();
        while (left && from < to && goes.test(s.codePointAt(from))) {
            from += Character.charCount(s.codePointAt(from));
        }
        while (right && from < to && goes.test(s.codePointBefore(to))) {
            to -= Character.charCount(s.codePointBefore(to));
        }
        return s.substring(from, to);
    }

    /// Cuts at white space, or at every `separator`; at most `most` times, from the left or right.
    static List<Object> split(Site site, String s, @Nullable String separator, long most, boolean fromRight) {
        if (separator != null && separator.isEmpty()) {
            throw site.error("empty separator");
        }
        List<String> parts = separator == null ? words(s, most, fromRight)
                : fromRight ? splitRight(s, separator, most) : splitLeft(s, separator, most);
        site.spend(parts.size());
        site.reserve(s.length());
        return new ArrayList<>(parts);
    }

    private static List<String> splitLeft(String s, String separator, long most) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int at = s.indexOf(separator); at >= 0 && (most < 0 || parts.size() < most); ) {
            parts.add(s.substring(from, at));
            from = at + separator.length();
            at = s.indexOf(separator, from);
        }
        parts.add(s.substring(from));
        return parts;
    }

    private static List<String> splitRight(String s, String separator, long most) {
        List<String> parts = new ArrayList<>();
        int to = s.length();
        while (most < 0 || parts.size() < most) {
            int at = s.lastIndexOf(separator, to - separator.length());
            if (at < 0 || to < separator.length()) {
                break;
            }
            parts.add(s.substring(at + separator.length(), to));
            to = at;
        }
        parts.add(s.substring(0, to));
        return parts.reversed();
    }

    private static List<String> words(String s, long most, boolean fromRight) {
        List<String> parts = new ArrayList<>();
        String rest = strip(s, null, !fromRight, fromRight);
        while (!rest.isEmpty()) {
            int cut = most >= 0 && parts.size() >= most ? -1 : space(rest, fromRight);
            if (cut < 0) {
                parts.add(rest);
                break;
            }
            parts.add(fromRight ? rest.substring(cut + 1) : rest.substring(0, cut));
            rest = fromRight ? strip(rest.substring(0, cut), null, false, true)
                    : strip(rest.substring(cut), null, true, false);
        }
        return fromRight ? parts.reversed() : parts;
    }

    private static int space(String s, boolean last) {
        for (int i = 0; i < s.length(); i++) {
            int at = last ? s.length() - 1 - i : i;
            if (isSpace(s.charAt(at))) {
                return at;
            }
        }
        return -1;
    }

    /// The lines, without what ends them.
    static List<String> lines(String s, boolean keepEnds) {
        List<String> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            boolean ends = (c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E) || c == 0x85
                    || c == 0x2028 || c == 0x2029;
            if (ends) {
                int next = c == '\r' && s.startsWith("\n", i + 1) ? i + 2 : i + 1;
                lines.add(s.substring(from, keepEnds ? next : i));
                from = next;
                i = next - 1;
            }
        }
        if (from < s.length()) {
            lines.add(s.substring(from));
        }
        return lines;
    }

    /// Replaces the first `most` occurrences, all when negative.
    static String replace(Site site, String s, String old, String fresh, long most) {
        var out = new StringBuilder();
        int from = 0;
        int done = 0;
        int at = s.indexOf(old);
        while (at >= 0 && at <= s.length() && (most < 0 || done < most)) {
            out.append(s, from, at).append(fresh);
            site.reserve(at - from + (long) fresh.length());
            from = at + old.length();
            done++;
            if (!old.isEmpty()) {
                at = s.indexOf(old, from);
            } else if (at == s.length()) {
                break; // nothing also stands at the end
            } else {
                at += Character.charCount(s.codePointAt(at));
            }
        }
        return site.made(out.append(s, from, s.length()).toString());
    }

    static String capitalize(String s) {
        if (s.isEmpty()) {
            return s;
        }
        int first = s.offsetByCodePoints(0, 1);
        return Casing.upper(s.substring(0, first)) + Casing.lower(s.substring(first));
    }

    static String repeat(Site site, String s, long times) {
        long n = Math.max(0, times);
        site.reserve(s.isEmpty() ? 0 : Math.multiplyHigh(s.length(), n) != 0 ? Long.MAX_VALUE / 2 : s.length() * n);
        return s.isEmpty() ? s : s.repeat(Math.toIntExact(n));
    }

    /// Fills up to `width` characters; `left` says which part of the filling goes before.
    static String pad(Site site, String s, long width, String fill, Side side) {
        long missing = width - s.codePointCount(0, s.length());
        if (missing <= 0) {
            return s;
        }
        long before = switch (side) {
            case LEFT -> missing;
            case RIGHT -> 0;
            case BOTH -> missing / 2 + (missing & width & 1);
        };
        return site.made(repeat(site, fill, before) + s + repeat(site, fill, missing - before));
    }

    /// Where a string is filled up.
    enum Side {
        LEFT,
        RIGHT,
        BOTH
    }
}
