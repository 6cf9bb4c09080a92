package io.chagres.nn.text.chat.jinja;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Python's `format % values`.
final class PercentFormat {
    private static final Pattern DIRECTIVE =
            Pattern.compile("%(?:\\(([^)]*)\\))?([-+ 0#]*)(\\d{0,9})(?:\\.(\\d{0,9}))?(.?)", Pattern.DOTALL);

    private PercentFormat() {}

    static String apply(Site site, String format, Object values) {
        List<?> list = values instanceof Tuple tuple ? tuple : List.of(values);
        var out = new StringBuilder();
        Matcher directive = DIRECTIVE.matcher(format);
        int done = 0;
        int used = 0;
        while (directive.find(done)) {
            out.append(format, done, directive.start());
            done = directive.end();
            String type = directive.group(5);
            if (type.isEmpty()) {
                throw site.error("incomplete format");
            }
            if (type.equals("%")) {
                out.append('%');
                continue;
            }
            Object value;
            String key = directive.group(1);
            if (key != null) {
                if (!(values instanceof Map<?, ?> map)) {
                    throw site.error("format requires a mapping");
                }
                value = map.get(key);
                if (value == null) {
                    throw site.error("the format's key '" + key + "' is missing");
                }
            } else if (used < list.size()) {
                value = list.get(used++);
            } else {
                throw site.error("not enough arguments for format string");
            }
            String text = directive(site, directive, type.charAt(0)).apply(site, value);
            site.reserve(text.length());
            out.append(text);
        }
        if (used < list.size() && !(values instanceof Map)) {
            throw site.error("not all arguments converted during string formatting");
        }
        return site.made(out.append(format, done, format.length()).toString());
    }

    private static Directive directive(Site site, Matcher found, char type) {
        String flags = found.group(2);
        boolean left = flags.contains("-");
        boolean zeros = flags.contains("0") && !left;
        boolean number = type != 's' && type != 'r';
        char sign = flags.contains("+") ? '+' : flags.contains(" ") ? ' ' : 0;
        return new Directive(
                zeros && number ? "0" : " ",
                left ? '<' : zeros && number ? '=' : '>',
                number ? sign : 0,
                flags.contains("#"),
                number(site, found.group(3), 0),
                false,
                number(site, found.group(4), found.group(4) == null ? -1 : 0),
                type);
    }

    private static int number(Site site, @Nullable String digits, int absent) {
        int n = digits == null || digits.isEmpty() ? absent : Integer.parseInt(digits);
        if (n > Directive.MOST) {
            throw site.error("a format's width must be at most " + Directive.MOST);
        }
        return n;
    }
}
