package io.chagres.ptx.text;

import java.util.ArrayList;
import java.util.List;

/// PTX text as tokens: words with their dots, strings, and single characters.
final class Lexer {
    record Token(String text, int line, int start) {}

    private Lexer() {}

    static List<Token> tokens(String s) {
        List<Token> out = new ArrayList<>(s.length() / 4);
        int line = 1;
        int n = s.length();
        int i = 0;
        while (i < n) {
            char c = s.charAt(i);
            if (c == '\n') {
                line++;
                i++;
            } else if (Character.isWhitespace(c) || c == 0) {
                i++;
            } else if (s.startsWith("//", i)) {
                while (i < n && s.charAt(i) != '\n') {
                    i++;
                }
            } else if (s.startsWith("/*", i)) {
                int end = s.indexOf("*/", i + 2);
                if (end < 0) {
                    throw new PtxSyntaxException(line, "comment without an end");
                }
                line += (int) s.substring(i, end).chars().filter(x -> x == '\n').count();
                i = end + 2;
            } else if (c == '"') {
                int end = s.indexOf('"', i + 1);
                if (end < 0) {
                    throw new PtxSyntaxException(line, "string without an end");
                }
                out.add(new Token(s.substring(i, end + 1), line, i));
                i = end + 1;
            } else {
                int end = word(s, i) ? i + 1 : i;
                while (end < n && end > i && word(s, end)) {
                    end++;
                }
                // An opcode may hold "::", as in .shared::cta.
                while (end > i && s.startsWith("::", end) && end + 2 < n && word(s, end + 2)) {
                    end += 2;
                    while (end < n && word(s, end)) {
                        end++;
                    }
                }
                end = Math.max(end, i + 1);
                out.add(new Token(s.substring(i, end), line, i));
                i = end;
            }
        }
        return out;
    }

    private static boolean word(String s, int i) {
        char c = s.charAt(i);
        return Character.isLetterOrDigit(c) || c == '_' || c == '.' || c == '$' || c == '%';
    }
}
