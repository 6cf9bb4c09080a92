package io.chagres.train.eval.text;

import java.util.List;
import java.util.regex.Pattern;

/// How [Bleu] cuts a text into words; the names are those of sacrebleu.
///
/// Post 2018, "A Call for Clarity in Reporting BLEU Scores", arXiv:1804.08771.
public enum BleuTokenizer {
    /// Words between white space.
    NONE("none") {
        @Override
        String apart(String text) {
            return text;
        }
    },
    /// As WMT's `mteval-v13a.pl`: punctuation and symbols are words of their own, but for full
    /// stops and commas between digits; a few HTML entities are read.
    V13A("13a") {
        @Override
        String apart(String text) {
            String line =
                    text.replace("<skipped>", "")
                            .replace("-\n", "")
                            .replace('\n', ' ')
                            .replace("&quot;", "\"")
                            .replace("&amp;", "&")
                            .replace("&lt;", "<")
                            .replace("&gt;", ">");
            return punctuation(" " + line + " ");
        }
    },
    /// Each Chinese character is a word, and what lies between them is cut as by [#V13A].
    ZH("zh") {
        @Override
        String apart(String text) {
            var line = new StringBuilder();
            text.codePoints()
                    .forEach(c -> {
                        if (isChinese(c)) {
                            line.append(' ').appendCodePoint(c).append(' ');
                        } else {
                            line.appendCodePoint(c);
                        }
                    });
            return punctuation(line.toString());
        }
    },
    /// Each character is a word.
    CHAR("char") {
        @Override
        String apart(String text) {
            var line = new StringBuilder();
            text.codePoints().forEach(c -> line.appendCodePoint(c).append(' '));
            return line.toString();
        }
    };

    private static final Pattern SYMBOLS = Pattern.compile("[!-&(-+:-@\\[-`{-~/ ]");
    private static final Pattern NO_DIGIT_BEFORE = Pattern.compile("([^0-9])([.,])");
    private static final Pattern NO_DIGIT_AFTER = Pattern.compile("([.,])([^0-9])");
    private static final Pattern DASH_AFTER_DIGIT = Pattern.compile("([0-9])(-)");

    /// First and last characters of the blocks that count as Chinese. sacrebleu writes two blocks
    /// beyond the 16-bit characters so that Python reads them as U+2001 to U+2A6D and U+2F81 to
    /// U+2FA1 instead: general punctuation, arrows and such are words of their own, ideographs of
    /// extension B are not. Its scores are what others compare with, so it is so here.
    private static final int[] CHINESE = {
        0x2001, 0x2a6d, 0x2e80, 0x2fdf, 0x2ff0, 0x303f, 0x3100, 0x312f, 0x31a0, 0x31bf, 0x31c0,
        0x31ef, 0x3200, 0x33ff, 0x3400, 0x4db5, 0x4e00, 0x9fbb, 0xf900, 0xfa2d, 0xfa30, 0xfa6a,
        0xfa70, 0xfad9, 0xfe10, 0xfe1f, 0xfe30, 0xfe4f, 0xff00, 0xffef,
    };

    private final String label;

    BleuTokenizer(String label) {
        this.label = label;
    }

    /// The words of a text.
    public List<String> words(String text) {
        return Words.split(apart(Words.stripTrailing(text)));
    }

    /// The name in sacrebleu: `none`, `13a`, `zh` or `char`.
    public String label() {
        return label;
    }

    /// The tokenizer with a name.
    ///
    /// @throws IllegalArgumentException when there is none
    public static BleuTokenizer of(String label) {
        for (BleuTokenizer each : values()) {
            if (each.label.equals(label)) {
                return each;
            }
        }
        throw new IllegalArgumentException(
                "there is no tokenizer '" + label + "': 13a, zh, char or none");
    }

    /// The text with white space between its words.
    abstract String apart(String text);

    private static String punctuation(String line) {
        String out = SYMBOLS.matcher(line).replaceAll(" $0 ");
        out = NO_DIGIT_BEFORE.matcher(out).replaceAll("$1 $2 ");
        out = NO_DIGIT_AFTER.matcher(out).replaceAll(" $1 $2");
        return DASH_AFTER_DIGIT.matcher(out).replaceAll("$1 $2 ");
    }

    private static boolean isChinese(int c) {
        for (int i = 0; i < CHINESE.length; i += 2) {
            if (c >= CHINESE[i] && c <= CHINESE[i + 1]) {
                return true;
            }
        }
        return false;
    }
}
