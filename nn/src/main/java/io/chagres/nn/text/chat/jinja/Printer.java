package io.chagres.nn.text.chat.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/// Values as text, as Python's `str` and `repr` write them.
final class Printer {
    private final Site site;
    private final StringBuilder out = new StringBuilder();

    private Printer(Site site) {
        this.site = site;
    }

    /// What `{{ value }}` prints.
    static String text(Site site, Object value) {
        return switch (value) {
            case String s -> s;
            case Undefined u -> "";
            default -> repr(site, value);
        };
    }

    /// As it would stand in a program.
    static String repr(Site site, Object value) {
        var printer = new Printer(site);
        printer.print(value, 0);
        return printer.out.toString();
    }

    private void print(Object value, int depth) {
        site.checkDepth(depth);
        site.spend(1);
        site.reserve(value instanceof String s ? s.length() : 8);
        switch (value) {
            case None n -> out.append("None");
            case Undefined u -> out.append("Undefined");
            case Boolean b -> out.append(b ? "True" : "False");
            case Long n -> out.append((long) n);
            case BigInteger n -> out.append(n);
            case Double d -> out.append(Numbers.write(d));
            case String s -> quote(s);
            case Tuple t -> {
                list("(", t, depth);
                out.append(t.size() == 1 ? ",)" : ")");
            }
            case List<?> list -> {
                list("[", list, depth);
                out.append(']');
            }
            case Map<?, ?> map -> map(map, depth);
            default -> out.append('<').append(Values.typeName(value)).append('>');
        }
    }

    private void list(String open, List<?> list, int depth) {
        out.append(open);
        String before = "";
        for (Object item : list) {
            out.append(before);
            print(item, depth + 1);
            before = ", ";
        }
    }

    private void map(Map<?, ?> map, int depth) {
        String before = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.append(before);
            print(entry.getKey(), depth + 1);
            out.append(": ");
            print(entry.getValue(), depth + 1);
            before = ", ";
        }
        out.append(map.isEmpty() ? "{}" : "}");
    }

    private void quote(String s) {
        char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        s.codePoints().forEach(c -> character(c, quote));
        out.append(quote);
    }

    private void character(int c, char quote) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '\\' -> out.append("\\\\");
            default -> {
                if (c == quote) {
                    out.append('\\').append(quote);
                } else if (isPrintable(c)) {
                    out.appendCodePoint(c);
                } else if (c < 0x100) {
                    out.append("\\x%02x".formatted(c));
                } else {
                    out.append((c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
                }
            }
        }
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE,
                    Character.UNASSIGNED, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                    false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }
}
