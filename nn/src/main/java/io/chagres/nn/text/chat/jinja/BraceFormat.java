package io.chagres.nn.text.chat.jinja;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Python's `text.format(values)`: fields `{}`, `{0}` and `{name}`, each with `!r` or `!s` and a
/// format such as `:>8.2f`.
final class BraceFormat {
    private static final Pattern FIELD =
            Pattern.compile("\\{\\{|\\}\\}|\\{([^{}!:]*)(?:!([rs]))?(?::([^{}]*))?\\}|[{}]");

    private static final Pattern FORMAT =
            Pattern.compile(
                    "(?:(.)?([<>=^]))?([-+ ]?)(#?)(0?)(\\d{0,9})(,?)(?:\\.(\\d{1,9}))?([a-zA-Z%]?)",
                    Pattern.DOTALL);

    private BraceFormat() {}

    static String apply(String format, Arguments arguments) {
        Site site = arguments.site();
        var out = new StringBuilder();
        Matcher field = FIELD.matcher(format);
        int done = 0;
        int used = 0;
        while (field.find()) {
            out.append(format, done, field.start());
            done = field.end();
            String name = field.group(1);
            if (name == null) {
                if (field.end() - field.start() == 1) {
                    throw site.error("single '" + field.group() + "' in format string");
                }
                out.append(field.group().charAt(0));
                continue;
            }
            Object value = value(arguments, name.isEmpty() ? String.valueOf(used++) : name);
            String conversion = field.group(2);
            if (conversion != null) {
                value =
                        conversion.equals("r")
                                ? Printer.repr(site, value)
                                : Printer.text(site, value);
            }
            String text = directive(site, field.group(3)).apply(site, value);
            site.reserve(text.length());
            out.append(text);
        }
        return site.made(out.append(format, done, format.length()).toString());
    }

    private static Object value(Arguments arguments, String name) {
        Object value;
        if (name.matches("\\d{1,4}")) {
            int index = Integer.parseInt(name);
            value =
                    index < arguments.positional().size()
                            ? arguments.positional().get(index)
                            : null;
        } else {
            value = arguments.named().get(name);
        }
        if (value == null) {
            throw arguments.site().error("the format has no value for '" + name + "'");
        }
        return value;
    }

    private static Directive directive(Site site, @Nullable String format) {
        Matcher parts = FORMAT.matcher(format == null ? "" : format);
        if (!parts.matches()) {
            throw site.error("invalid format specifier '" + format + "'");
        }
        String fill = parts.group(1);
        String align = parts.group(2);
        boolean zeros = !parts.group(5).isEmpty();
        String sign = parts.group(3);
        String precision = parts.group(8);
        String type = parts.group(9);
        int width = parts.group(6).isEmpty() ? 0 : Integer.parseInt(parts.group(6));
        int digits = precision == null ? -1 : Integer.parseInt(precision);
        if (width > Directive.MOST || digits > Directive.MOST) {
            throw site.error("a format's width must be at most " + Directive.MOST);
        }
        return new Directive(
                fill != null ? fill : zeros ? "0" : " ",
                align != null ? align.charAt(0) : zeros ? '=' : 0,
                sign.isEmpty() || sign.equals("-") ? 0 : sign.charAt(0),
                !parts.group(4).isEmpty(),
                width,
                !parts.group(7).isEmpty(),
                digits,
                type.isEmpty() ? 0 : type.charAt(0));
    }
}
