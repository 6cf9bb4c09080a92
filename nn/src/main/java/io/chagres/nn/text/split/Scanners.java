package io.chagres.nn.text.split;

import static io.chagres.nn.text.chars.CharClass.LETTER;
import static io.chagres.nn.text.chars.CharClass.MARK;
import static io.chagres.nn.text.chars.CharClass.NUMBER;
import static io.chagres.nn.text.chars.CharClass.PUNCTUATION;
import static io.chagres.nn.text.chars.CharClass.SPACE;
import static io.chagres.nn.text.chars.CharClass.SYMBOL;

import io.chagres.nn.text.chars.CharClass;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The splitting expressions of the GPT-2, cl100k (Llama 3, Qwen) and DeepSeek-V3 vocabularies as
/// scanners. Each goes through the alternatives in the expression's order; they need no
/// backtracking, since an alternative is known to match from its first one or two characters.
final class Scanners {
    /// GPT-2's expression.
    static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    /// Qwen2's and Qwen3's: digits one by one.
    static final String QWEN = cl100k("\\p{N}");

    /// Llama 3's, a form of OpenAI's cl100k: digits in groups of up to three.
    static final String LLAMA3 = cl100k("\\p{N}{1,3}");

    /// The three expressions that DeepSeek-V3 applies one after the other.
    static final String DEEPSEEK_DIGITS = "\\p{N}{1,3}";

    static final String DEEPSEEK_CJK = "[一-龥\u3040-ゟ゠-ヿ]+";

    static final String DEEPSEEK_WORDS =
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                    + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                    + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    /// GPT-2's scanner.
    static final Scanner GPT2_SCANNER = Scanners::gpt2;

    private static final Map<String, Scanner> KNOWN =
            Map.of(
                    GPT2,
                    GPT2_SCANNER,
                    QWEN,
                    (text, from, to) -> cl100k(text, from, to, 1),
                    LLAMA3,
                    (text, from, to) -> cl100k(text, from, to, 3),
                    DEEPSEEK_DIGITS,
                    Scanners::digits,
                    DEEPSEEK_CJK,
                    Scanners::cjk,
                    DEEPSEEK_WORDS,
                    Scanners::deepseekWords);

    private Scanners() {}

    private static String cl100k(String number) {
        return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
                + number
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    }

    /// The scanner for exactly this expression (line ends may stand in it raw or escaped), or
    /// `null`.
    static @Nullable Scanner find(String expression) {
        return KNOWN.get(expression.replace("\r", "\\r").replace("\n", "\\n"));
    }

    private static int gpt2(char[] text, int from, int to) {
        char c = text[from];
        if (c == '\'') {
            int end = contraction(text, from, to, false);
            if (end > from) {
                return end;
            }
        }
        int word = c == ' ' && from + 1 < to ? from + 1 : from;
        int classes = CharClass.at(text, word, to);
        if ((classes & LETTER) != 0) {
            return CharClass.run(text, word, to, LETTER);
        }
        if ((classes & NUMBER) != 0) {
            return CharClass.run(text, word, to, NUMBER);
        }
        if ((classes & SPACE) == 0) {
            return CharClass.runWithout(text, word, to, SPACE | LETTER | NUMBER);
        }
        return spaces(from, CharClass.run(text, from, to, SPACE), to);
    }

    private static int cl100k(char[] text, int from, int to, int maxDigits) {
        char c = text[from];
        if (c == '\'') {
            int end = contraction(text, from, to, true);
            if (end > from) {
                return end;
            }
        }
        int classes = CharClass.at(text, from, to);
        int second = CharClass.after(text, from, to);
        if ((classes & LETTER) != 0) {
            return CharClass.run(text, second, to, LETTER);
        }
        if ((classes & NUMBER) != 0) {
            return digitGroup(text, from, to, maxDigits);
        }
        if (second < to
                && c != '\r'
                && c != '\n'
                && (CharClass.at(text, second, to) & LETTER) != 0) {
            return CharClass.run(text, second, to, LETTER);
        }
        int word = c == ' ' && second < to ? second : from;
        if ((CharClass.at(text, word, to) & (SPACE | LETTER | NUMBER)) == 0) {
            int end = CharClass.runWithout(text, word, to, SPACE | LETTER | NUMBER);
            return newlines(text, end, to);
        }
        return spacesWithNewlines(text, from, to);
    }

    private static int deepseekWords(char[] text, int from, int to) {
        int at = from;
        do {
            int end = deepseekMatch(text, at, to);
            if (end > at) {
                return at == from ? end : at;
            }
            at = CharClass.after(text, at, to);
        } while (at < to);
        return to;
    }

    // End of the match at `from`, or `from` when there is none: some characters match nothing.
    private static int deepseekMatch(char[] text, int from, int to) {
        char c = text[from];
        int classes = CharClass.at(text, from, to);
        int second = CharClass.after(text, from, to);
        boolean sign = (classes & (PUNCTUATION | SYMBOL)) != 0;
        if (sign && c < 0x80 && second < to && isAsciiLetter(text[second])) {
            int end = second + 1;
            while (end < to && isAsciiLetter(text[end])) {
                end++;
            }
            return end;
        }
        if ((classes & (LETTER | MARK)) != 0) {
            return CharClass.run(text, second, to, LETTER | MARK);
        }
        if (!sign
                && c != '\r'
                && c != '\n'
                && second < to
                && (CharClass.at(text, second, to) & (LETTER | MARK)) != 0) {
            return CharClass.run(text, second, to, LETTER | MARK);
        }
        int word = c == ' ' && second < to ? second : from;
        if ((CharClass.at(text, word, to) & (PUNCTUATION | SYMBOL)) != 0) {
            return newlines(text, CharClass.run(text, word, to, PUNCTUATION | SYMBOL), to);
        }
        return (classes & SPACE) != 0 ? spacesWithNewlines(text, from, to) : from;
    }

    private static int digits(char[] text, int from, int to) {
        return (CharClass.at(text, from, to) & NUMBER) != 0
                ? digitGroup(text, from, to, 3)
                : CharClass.runWithout(text, from, to, NUMBER);
    }

    private static int digitGroup(char[] text, int from, int to, int max) {
        int end = from;
        for (int n = 0; n < max && end < to; n++) {
            if ((CharClass.at(text, end, to) & NUMBER) == 0) {
                break;
            }
            end = CharClass.after(text, end, to);
        }
        return end;
    }

    private static int cjk(char[] text, int from, int to) {
        boolean inside = isCjk(text[from]);
        int end = from + 1;
        while (end < to && isCjk(text[end]) == inside) {
            end++;
        }
        return end;
    }

    private static boolean isCjk(char c) {
        return (c >= '\u3040' && c <= '\u30FF') || (c >= '\u4E00' && c <= '\u9FA5');
    }

    private static boolean isAsciiLetter(char c) {
        int lower = c | 0x20;
        return lower >= 'a' && lower <= 'z';
    }

    // End of a contraction such as 's or 've that starts at the apostrophe, or `from`.
    private static int contraction(char[] text, int from, int to, boolean anyCase) {
        if (from + 1 >= to) {
            return from;
        }
        char a = fold(text[from + 1], anyCase);
        if (a == 's' || a == 't' || a == 'm' || a == 'd') {
            return from + 2;
        }
        if (from + 2 >= to) {
            return from;
        }
        char b = fold(text[from + 2], anyCase);
        boolean found = ((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l');
        return found ? from + 3 : from;
    }

    private static char fold(char c, boolean anyCase) {
        if (!anyCase) {
            return c;
        }
        return c == 'ſ' ? 's' : c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
    }

    private static int newlines(char[] text, int from, int to) {
        int end = from;
        while (end < to && (text[end] == '\r' || text[end] == '\n')) {
            end++;
        }
        return end;
    }

    // `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line end of the run, if it has one.
    private static int spacesWithNewlines(char[] text, int from, int to) {
        int run = CharClass.run(text, from, to, SPACE);
        for (int last = run; last > from; last--) {
            if (text[last - 1] == '\r' || text[last - 1] == '\n') {
                return last;
            }
        }
        return spaces(from, run, to);
    }

    // `\s+(?!\S)|\s+`: the last space of the run goes with the word after it.
    private static int spaces(int from, int run, int to) {
        return run == to || run - from == 1 ? run : run - 1;
    }
}
