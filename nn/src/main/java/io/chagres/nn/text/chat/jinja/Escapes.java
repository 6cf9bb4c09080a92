package io.chagres.nn.text.chat.jinja;

/// Escapes in strings, as in Python: `\n`, `\x41`, `\u00e9`, `\U0001F600`, octal, and a line end
/// that vanishes. What is no escape stays as it is.
final class Escapes {
    private static final String NAMED = "\\\\''\"\"a\u0007b\bf\fn\nr\rt\tv\u000B\n";

    private Escapes() {}

    static String read(String raw) {
        if (raw.indexOf('\\') < 0) {
            return raw;
        }
        var out = new StringBuilder(raw.length());
        for (int i = 0; i < raw.length(); ) {
            char c = raw.charAt(i);
            if (c != '\\' || i + 1 == raw.length()) {
                out.append(c);
                i++;
                continue;
            }
            i = escape(raw, i, out);
        }
        return out.toString();
    }

    private static int escape(String raw, int at, StringBuilder out) {
        char kind = raw.charAt(at + 1);
        if (kind == '\n') {
            return at + 2;
        }
        for (int i = 0; i + 1 < NAMED.length(); i += 2) {
            if (NAMED.charAt(i) == kind) {
                out.append(NAMED.charAt(i + 1));
                return at + 2;
            }
        }
        int digits =
                switch (kind) {
                    case 'x' -> 2;
                    case 'u' -> 4;
                    case 'U' -> 8;
                    default -> 0;
                };
        int code = digits == 0 ? -1 : number(raw, at + 2, digits, 16);
        if (digits > 0 && Character.isValidCodePoint(code)) {
            out.appendCodePoint(code);
            return at + 2 + digits;
        }
        int octal = 0;
        while (octal < 3 && at + 1 + octal < raw.length()
                && raw.charAt(at + 1 + octal) >= '0' && raw.charAt(at + 1 + octal) <= '7') {
            octal++;
        }
        if (octal > 0) {
            out.append((char) number(raw, at + 1, octal, 8));
            return at + 1 + octal;
        }
        out.append('\\');
        return at + 1;
    }

    private static int number(String raw, int from, int digits, int radix) {
        if (from + digits > raw.length()) {
            return -1;
        }
        long value = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = Character.digit(raw.charAt(i), radix);
            if (digit < 0) {
                return -1;
            }
            value = value * radix + digit;
        }
        return value > Character.MAX_CODE_POINT ? -1 : (int) value;
    }
}
