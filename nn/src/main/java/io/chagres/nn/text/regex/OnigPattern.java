package io.chagres.nn.text.regex;

import io.chagres.tensor.io.JsonNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Translates Oniguruma's regular expressions (Ruby syntax), which `tokenizer.json` uses, into
/// `java.util.regex`. The two agree but for these, which are rewritten:
///
/// - `\s`, `\d`, `\w`, `\b` are Unicode's; `.` stops at `\n` only; `^` and `$` match at every line;
/// - `\p{Han}` and other scripts and properties are Java's `\p{IsHan}`; `\p{^L}` is `\P{L}`;
/// - `\h` is a hexadecimal digit; `[:alpha:]` inside brackets is `\p{Alpha}`;
/// - `(?m:…)` lets `.` match line ends: Java's `(?s:…)`;
/// - `{n,m}+` repeats the repetition, where Java would make it possessive; `{,m}` is `{0,m}`.
public final class OnigPattern {
    private static final int FLAGS =
            Pattern.UNICODE_CHARACTER_CLASS | Pattern.MULTILINE | Pattern.UNIX_LINES;

    private static final String HEX_DIGITS = "0-9a-fA-F";

    private static final Map<String, String> CATEGORIES =
            Map.of(
                    "Letter", "L",
                    "Mark", "M",
                    "Number", "N",
                    "Punctuation", "P",
                    "Symbol", "S",
                    "Separator", "Z",
                    "Other", "C");

    private static final Set<String> SAME_IN_JAVA =
            Set.of(
                    "Alpha", "Alnum", "Digit", "Lower", "Upper", "Punct", "Space", "Cntrl", "Graph",
                    "Print", "XDigit", "Blank", "ASCII");

    private final String in;
    private final StringBuilder out = new StringBuilder();
    private final Deque<Integer> groups = new ArrayDeque<>();
    private int at;
    private int atom; // where in `out` the last atom begins

    private OnigPattern(String in) {
        this.in = in;
    }

    /// Compiles a `{"String": …}` (literal text) or `{"Regex": …}` object.
    ///
    /// @throws io.chagres.tensor.io.JsonException when it is neither, or not a pattern Java can run
    public static Pattern read(JsonNode json) {
        if (json.has("String")) {
            return Pattern.compile(Pattern.quote(json.string("String")));
        }
        if (!json.has("Regex")) {
            throw json.error("a pattern needs either 'String' or 'Regex'");
        }
        try {
            return compile(json.string("Regex"));
        } catch (PatternSyntaxException e) {
            throw json.get("Regex").error("unsupported pattern: " + e.getMessage());
        }
    }

    /// Compiles one expression.
    ///
    /// @throws PatternSyntaxException when Java cannot run it
    public static Pattern compile(String expression) {
        return Pattern.compile(translate(expression), FLAGS);
    }

    static String translate(String expression) {
        var translator = new OnigPattern(expression);
        translator.run();
        return translator.out.toString();
    }

    private void run() {
        while (at < in.length()) {
            char c = in.charAt(at);
            switch (c) {
                case '\\' -> {
                    atom = out.length();
                    escape(false);
                }
                case '[' -> {
                    atom = out.length();
                    bracket();
                }
                case '(' -> open();
                case ')' -> {
                    atom = groups.isEmpty() ? out.length() : groups.pop();
                    out.append(in.charAt(at++));
                }
                case '{' -> interval();
                case '*', '+', '?', '|' -> out.append(in.charAt(at++));
                default -> {
                    atom = out.length();
                    out.appendCodePoint(in.codePointAt(at));
                    at += Character.charCount(in.codePointAt(at));
                }
            }
        }
    }

    private void open() {
        groups.push(out.length());
        out.append(in.charAt(at++));
        if (!in.startsWith("?", at)) {
            return;
        }
        int flags = at + 1;
        int end = flags;
        while (end < in.length() && "imx-".indexOf(in.charAt(end)) >= 0) {
            end++;
        }
        if (end > flags && end < in.length() && ":)".indexOf(in.charAt(end)) >= 0) {
            out.append('?').append(in.substring(flags, end).replace('m', 's'));
            at = end;
        }
    }

    private void interval() {
        int close = in.indexOf('}', at);
        String body = close < 0 ? "" : in.substring(at + 1, close);
        if (!body.matches("\\d+,?\\d*|,\\d+")) {
            atom = out.length();
            out.append("\\{");
            at++;
            return;
        }
        at = close + 1;
        out.append('{').append(body.startsWith(",") ? "0" + body : body).append('}');
        if (in.startsWith("+", at)) {
            out.insert(atom, "(?:").append(")+");
            at++;
        }
    }

    private void escape(boolean inBrackets) {
        if (at + 1 == in.length()) {
            throw new PatternSyntaxException("nothing follows the backslash", in, at);
        }
        char c = in.charAt(at + 1);
        if ((c == 'p' || c == 'P') && in.startsWith("{", at + 2) && in.indexOf('}', at) > 0) {
            int close = in.indexOf('}', at);
            String name = in.substring(at + 3, close);
            boolean negated = name.startsWith("^");
            property(negated ? name.substring(1) : name, (c == 'P') != negated);
            at = close + 1;
        } else if (c == 'h') {
            out.append(inBrackets ? HEX_DIGITS : "[" + HEX_DIGITS + "]");
            at += 2;
        } else if (c == 'H') {
            out.append("[^" + HEX_DIGITS + "]");
            at += 2;
        } else {
            int next = in.codePointAt(at + 1);
            out.append('\\').appendCodePoint(next);
            at += 1 + Character.charCount(next);
        }
    }

    private void property(String name, boolean negated) {
        String java =
                CATEGORIES.containsKey(name)
                        ? CATEGORIES.get(name)
                        : name.length() <= 2 || SAME_IN_JAVA.contains(name) ? name : "Is" + name;
        out.append(negated ? "\\P{" : "\\p{").append(java).append('}');
    }

    private void bracket() {
        int depth = 0;
        do {
            if (at == in.length()) {
                throw new PatternSyntaxException("unclosed bracket", in, at);
            }
            char c = in.charAt(at);
            if (c == '\\') {
                escape(true);
            } else if (in.startsWith("[:", at) && depth > 0 && in.indexOf(":]", at) > 0) {
                int close = in.indexOf(":]", at);
                String name = in.substring(at + 2, close);
                boolean negated = name.startsWith("^");
                String bare = negated ? name.substring(1) : name;
                property(posix(bare), negated);
                at = close + 2;
            } else {
                depth += c == '[' ? 1 : c == ']' ? -1 : 0;
                out.append(c);
                at++;
            }
        } while (depth > 0);
    }

    private static String posix(String name) {
        if (name.isEmpty()) {
            return name;
        }
        return "xdigit".equals(name)
                ? "XDigit"
                : "ascii".equals(name)
                        ? "ASCII"
                        : Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }
}
