package io.chagres.nn.text.chat.jinja;

import io.chagres.nn.text.chat.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Cuts a template into words, with white space around tags as the options `trim_blocks` and
/// `lstrip_blocks` have it: the line end right after a block or comment belongs to it, and so do
/// the blanks before it when nothing else precedes it in its line. `-` inside a tag takes all white
/// space on that side; `+` takes none.
final class Lexer {
    private static final List<String> OPERATORS =
            List.of("//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(",
                    ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";");

    private final Source source;
    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private int pos;

    private Lexer(Source source) {
        this.source = source;
        text = source.text();
    }

    static List<Token> run(Source source) {
        var lexer = new Lexer(source);
        lexer.template();
        return lexer.tokens;
    }

    private void template() {
        for (int open = nextTag(pos); open >= 0; open = nextTag(pos)) {
            char kind = text.charAt(open + 1);
            int begin = open + 2;
            char sign = begin < text.length() ? text.charAt(begin) : 0;
            if (sign == '-' || sign == '+') {
                begin++;
            }
            data(pos, open, sign, kind != '{');
            int raw = kind == '%' ? rawBegin(begin) : -1;
            pos = begin;
            if (kind == '#') {
                comment(open);
            } else if (raw >= 0) {
                pos = raw;
                raw(open);
            } else {
                boolean block = kind == '%';
                add(block ? Kind.BLOCK_BEGIN : Kind.VARIABLE_BEGIN, "", open);
                expression(open, block);
            }
        }
        if (pos < text.length()) {
            add(Kind.DATA, text.substring(pos), pos);
        }
        add(Kind.END, "", text.length());
    }

    private int nextTag(int from) {
        for (int i = text.indexOf('{', from); i >= 0 && i + 1 < text.length(); ) {
            char c = text.charAt(i + 1);
            if (c == '{' || c == '%' || c == '#') {
                return i;
            }
            i = text.indexOf('{', i + 1);
        }
        return -1;
    }

    // Text before a tag with that sign; `strips` when blanks at the start of its line go.
    private void data(int from, int to, char sign, boolean strips) {
        int end = to;
        if (sign == '-') {
            while (end > from && Strings.isSpace(text.charAt(end - 1))) {
                end--;
            }
        } else if (sign != '+' && strips) {
            int line = text.lastIndexOf('\n', to - 1) + 1;
            if (line >= from && isBlank(line, to)) {
                end = line;
            }
        }
        if (end > from) {
            add(Kind.DATA, text.substring(from, end), from);
        }
    }

    private boolean isBlank(int from, int to) {
        for (int i = from; i < to; i++) {
            if (!Strings.isSpace(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private int skipSpace(int from) {
        int i = from;
        while (i < text.length() && Strings.isSpace(text.charAt(i))) {
            i++;
        }
        return i;
    }

    // Where a block or comment ends whose `%}` or `#}` is at `close`, without its sign.
    private int afterClose(int close, char sign) {
        int end = close + 2;
        if (sign == '-') {
            return skipSpace(end);
        }
        return sign != '+' && text.startsWith("\n", end) ? end + 1 : end;
    }

    private void comment(int open) {
        int close = text.indexOf("#}", pos);
        if (close < 0) {
            throw source.error(open, "the comment is not closed");
        }
        pos = afterClose(close, close > pos ? text.charAt(close - 1) : 0);
    }

    // Where the text of a raw block begins, or -1 when this is another block.
    private int rawBegin(int from) {
        int i = skipSpace(from);
        if (!text.startsWith("raw", i)) {
            return -1;
        }
        i = skipSpace(i + 3);
        if (text.startsWith("-%}", i)) {
            return skipSpace(i + 3);
        }
        return text.startsWith("%}", i) ? i + 2 : -1;
    }

    private void raw(int open) {
        for (int i = text.indexOf("{%", pos); i >= 0; i = text.indexOf("{%", i + 1)) {
            int at = i + 2;
            char sign = at < text.length() ? text.charAt(at) : 0;
            at = skipSpace(sign == '-' || sign == '+' ? at + 1 : at);
            if (!text.startsWith("endraw", at)) {
                continue;
            }
            at = skipSpace(at + 6);
            char endSign = at < text.length() ? text.charAt(at) : 0;
            int close = endSign == '-' || endSign == '+' ? at + 1 : at;
            if (text.startsWith("%}", close)) {
                data(pos, i, sign, true);
                pos = afterClose(close, endSign);
                return;
            }
        }
        throw source.error(open, "the raw block is not closed");
    }

    private void expression(int open, boolean block) {
        Deque<Character> brackets = new ArrayDeque<>();
        String closing = block ? "%}" : "}}";
        while (true) {
            pos = skipSpace(pos);
            if (pos >= text.length()) {
                throw source.error(open, "the tag is not closed by '" + closing + "'");
            }
            if (brackets.isEmpty() && close(closing, block)) {
                return;
            }
            char c = text.charAt(pos);
            if (c == '\'' || c == '"') {
                string(c);
            } else if (c >= '0' && c <= '9') {
                number();
            } else if (Character.isUnicodeIdentifierStart(text.codePointAt(pos)) || c == '_') {
                name();
            } else {
                operator(brackets);
            }
        }
    }

    private boolean close(String closing, boolean block) {
        char c = text.charAt(pos);
        boolean signed = c == '-' || (c == '+' && block);
        int at = signed ? pos + 1 : pos;
        if (!text.startsWith(closing, at)) {
            return false;
        }
        add(block ? Kind.BLOCK_END : Kind.VARIABLE_END, "", pos);
        char sign = signed ? c : 0;
        pos = block || sign == '-' ? afterClose(at, sign) : at + 2;
        return true;
    }

    private void name() {
        int from = pos;
        while (pos < text.length() && Character.isUnicodeIdentifierPart(text.codePointAt(pos))) {
            pos += Character.charCount(text.codePointAt(pos));
        }
        add(Kind.NAME, text.substring(from, pos), from);
    }

    private void number() {
        int from = pos;
        boolean afterDot = from > 0 && text.charAt(from - 1) == '.';
        digits();
        Kind kind = Kind.INTEGER;
        if (!afterDot && text.startsWith(".", pos) && isDigit(pos + 1)) {
            pos++;
            digits();
            kind = Kind.FLOAT;
        }
        boolean exponent = text.startsWith("e", pos) || text.startsWith("E", pos);
        int power = text.startsWith("-", pos + 1) || text.startsWith("+", pos + 1) ? 2 : 1;
        if (!afterDot && exponent && isDigit(pos + power)) {
            pos += power;
            digits();
            kind = Kind.FLOAT;
        }
        add(kind, text.substring(from, pos).replace("_", ""), from);
    }

    private void digits() {
        while (isDigit(pos) || (text.startsWith("_", pos) && isDigit(pos + 1))) {
            pos++;
        }
    }

    private boolean isDigit(int at) {
        return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    }

    private void string(char quote) {
        int from = pos++;
        while (pos < text.length() && text.charAt(pos) != quote) {
            pos += text.charAt(pos) == '\\' ? 2 : 1;
        }
        if (pos >= text.length()) {
            throw source.error(from, "the string is not closed");
        }
        add(Kind.STRING, Escapes.read(text.substring(from + 1, pos)), from);
        pos++;
    }

    private void operator(Deque<Character> brackets) {
        for (String operator : OPERATORS) {
            if (text.startsWith(operator, pos)) {
                balance(operator.charAt(0), brackets);
                add(Kind.OPERATOR, operator, pos);
                pos += operator.length();
                return;
            }
        }
        String found = Character.toString(text.codePointAt(pos));
        throw source.error(pos, "unexpected character '" + found + "'");
    }

    private void balance(char c, Deque<Character> brackets) {
        switch (c) {
            case '(' -> brackets.push(')');
            case '[' -> brackets.push(']');
            case '{' -> brackets.push('}');
            case ')', ']', '}' -> {
                if (brackets.isEmpty() || brackets.pop() != c) {
                    throw source.error(pos, "unexpected '" + c + "'");
                }
            }
            default -> {}
        }
    }

    private void add(Kind kind, String word, int at) {
        tokens.add(new Token(kind, word, at));
    }
}
