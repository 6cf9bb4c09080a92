package io.chagres.nn.text.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Methods of strings.
final class StringMethods {
    private StringMethods() {}

    /// A method, or `null`.
    static @Nullable Function of(String s, String name) {
        return switch (name) {
            case "upper" -> a -> a.bind().site().made(Casing.upper(s));
            case "lower", "casefold" -> a -> a.bind().site().made(Casing.lower(s));
            case "title" -> a -> a.bind().site().made(Casing.title(s));
            case "capitalize" -> a -> a.bind().site().made(Strings.capitalize(s));
            case "strip" -> strip(s, true, true);
            case "lstrip" -> strip(s, true, false);
            case "rstrip" -> strip(s, false, true);
            case "startswith", "endswith" -> affix(s, name.equals("startswith"));
            case "removeprefix" ->
                    a -> {
                        String prefix = a.bind("prefix").text("prefix");
                        return s.startsWith(prefix) ? s.substring(prefix.length()) : s;
                    };
            case "removesuffix" ->
                    a -> {
                        String suffix = a.bind("suffix").text("suffix");
                        return s.endsWith(suffix)
                                ? s.substring(0, s.length() - suffix.length())
                                : s;
                    };
            case "split", "rsplit" ->
                    a -> {
                        Arguments.Bound arguments = a.bind("sep", "maxsplit");
                        return Strings.split(
                                a.site(),
                                s,
                                arguments.textOrNull("sep"),
                                arguments.integer("maxsplit", -1),
                                name.equals("rsplit"));
                    };
            case "splitlines" ->
                    a -> {
                        boolean keep = a.bind("keepends").truth("keepends", false);
                        a.site().reserve(s.length());
                        return new ArrayList<Object>(Strings.lines(s, keep));
                    };
            case "partition", "rpartition" -> partition(s, name.equals("partition"));
            case "replace" ->
                    a -> {
                        Arguments.Bound arguments = a.bind("old", "new", "count");
                        return Strings.replace(
                                a.site(),
                                s,
                                arguments.text("old"),
                                arguments.text("new"),
                                arguments.integer("count", -1));
                    };
            case "find", "rfind", "index", "rindex" -> find(s, name);
            case "count" -> a -> count(s, a.bind("sub").text("sub"));
            case "join" ->
                    a -> {
                        List<Object> parts =
                                Values.elements(a.site(), a.bind("iterable").get("iterable"));
                        for (Object part : parts) {
                            if (!(part instanceof String)) {
                                Values.require(a.site(), part);
                                throw a.site().error(
                                        "join needs strings, found " + Values.typeName(part));
                            }
                        }
                        return join(a.site(), parts, s);
                    };
            case "format" -> a -> BraceFormat.apply(s, a);
            case "zfill" ->
                    a -> {
                        long width = a.bind("width").integer("width");
                        boolean signed = s.startsWith("-") || s.startsWith("+");
                        String sign = signed ? s.substring(0, 1) : "";
                        return sign
                                + Strings.pad(
                                        a.site(),
                                        s.substring(sign.length()),
                                        width - sign.length(),
                                        "0",
                                        Strings.Side.LEFT);
                    };
            case "ljust" -> pad(s, Strings.Side.RIGHT);
            case "rjust" -> pad(s, Strings.Side.LEFT);
            case "center" -> pad(s, Strings.Side.BOTH);
            case "isdigit", "isdecimal", "isnumeric" -> all(s, Character::isDigit);
            case "isalpha" -> all(s, Character::isLetter);
            case "isalnum" -> all(s, Character::isLetterOrDigit);
            case "isspace" -> all(s, Strings::isSpace);
            case "isupper" ->
                    a -> {
                        var _ = a.bind();
                        return s.equals(Casing.upper(s)) && !s.equals(Casing.lower(s));
                    };
            case "islower" ->
                    a -> {
                        var _ = a.bind();
                        return s.equals(Casing.lower(s)) && !s.equals(Casing.upper(s));
                    };
            default -> null;
        };
    }

    private static Function strip(String s, boolean left, boolean right) {
        return a ->
                a.site().made(Strings.strip(s, a.bind("chars").textOrNull("chars"), left, right));
    }

    private static Function affix(String s, boolean start) {
        return a -> {
            Arguments.Bound arguments = a.bind("prefix", "start", "end");
            Object from = arguments.get("start", None.NONE);
            Object to = arguments.get("end", None.NONE);
            String part = (String) Members.slice(a.site(), s, from, to, None.NONE);
            Object wanted = arguments.get("prefix");
            List<?> any = wanted instanceof Tuple tuple ? tuple : List.of(wanted);
            for (Object one : any) {
                if (!(one instanceof String text)) {
                    throw arguments.wrong("prefix", "a string or a tuple of strings", one);
                }
                if (start ? part.startsWith(text) : part.endsWith(text)) {
                    return true;
                }
            }
            return false;
        };
    }

    private static Function partition(String s, boolean first) {
        return a -> {
            String separator = a.bind("sep").text("sep");
            if (separator.isEmpty()) {
                throw a.site().error("empty separator");
            }
            int at = first ? s.indexOf(separator) : s.lastIndexOf(separator);
            if (at < 0) {
                return first ? Tuple.of(s, "", "") : Tuple.of("", "", s);
            }
            a.site().reserve(s.length());
            return Tuple.of(
                    s.substring(0, at), separator, s.substring(at + separator.length()));
        };
    }

    private static Function find(String s, String name) {
        return a -> {
            String part = a.bind("sub").text("sub");
            int at = name.startsWith("r") ? s.lastIndexOf(part) : s.indexOf(part);
            if (at < 0 && name.endsWith("index")) {
                throw a.site().error("substring not found");
            }
            return at < 0 ? -1L : (long) s.codePointCount(0, at);
        };
    }

    private static Long count(String s, String part) {
        if (part.isEmpty()) {
            return s.codePointCount(0, s.length()) + 1L;
        }
        long n = 0;
        for (int at = s.indexOf(part); at >= 0; at = s.indexOf(part, at + part.length())) {
            n++;
        }
        return n;
    }

    private static Function pad(String s, Strings.Side side) {
        return a -> {
            Arguments.Bound arguments = a.bind("width", "fillchar");
            String fill = arguments.text("fillchar", " ");
            if (fill.codePointCount(0, fill.length()) != 1) {
                throw a.site().error("the fill character must be exactly one character long");
            }
            return Strings.pad(a.site(), s, arguments.integer("width"), fill, side);
        };
    }

    private static Function all(String s, IntPredicate test) {
        return a -> {
            var _ = a.bind();
            return !s.isEmpty() && s.codePoints().allMatch(test);
        };
    }

    /// The texts of values, with a separator between them.
    static String join(Site site, List<Object> parts, String separator) {
        var out = new StringBuilder();
        for (int i = 0; i < parts.size(); i++) {
            String text = Printer.text(site, parts.get(i));
            site.reserve((i > 0 ? separator.length() : 0) + (long) text.length());
            out.append(i > 0 ? separator : "").append(text);
        }
        return out.toString();
    }
}
