package io.chagres.nn.text.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.chagres.nn.text.RandomText;
import io.chagres.nn.text.chars.CharText;
import io.chagres.nn.text.chars.Pieces;
import io.chagres.nn.text.chars.Spans;
import io.chagres.nn.text.regex.OnigPattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class ScannersTest {
    static final List<String> EXPRESSIONS =
            List.of(
                    Scanners.GPT2,
                    Scanners.QWEN,
                    Scanners.LLAMA3,
                    Scanners.DEEPSEEK_DIGITS,
                    Scanners.DEEPSEEK_CJK,
                    Scanners.DEEPSEEK_WORDS);

    @ParameterizedTest
    @FieldSource("EXPRESSIONS")
    void scannersCutLikeTheirExpressions(String expression) {
        Scanner scanner = Objects.requireNonNull(Scanners.find(expression));
        var fast = new ScannerSplit(scanner);
        var slow = new PatternSplit(OnigPattern.compile(expression), SplitBehavior.ISOLATED, false);
        var texts = new RandomText(42);
        for (int i = 0; i < 4000; i++) {
            check(fast, slow, texts.next(16));
        }
    }

    @ParameterizedTest
    @FieldSource("EXPRESSIONS")
    void everyTripleOfCharactersIsCutAlike(String expression) {
        Scanner scanner = Objects.requireNonNull(Scanners.find(expression));
        var fast = new ScannerSplit(scanner);
        var slow = new PatternSplit(OnigPattern.compile(expression), SplitBehavior.ISOLATED, false);
        String kinds = " \n\r\t\u00A0'aZs١9½.$\u0301中ア\0ſ";
        for (char a : kinds.toCharArray()) {
            for (char b : kinds.toCharArray()) {
                for (char c : kinds.toCharArray()) {
                    check(fast, slow, "" + a + b + c + a);
                }
            }
        }
    }

    @Test
    void lineEndsInExpressionsMayBeRawOrEscaped() {
        assertThat(Scanners.find(Scanners.QWEN.replace("\\r", "\r").replace("\\n", "\n")))
                .isSameAs(Scanners.find(Scanners.QWEN));
        assertThat(Scanners.find("\\p{L}+")).isNull();
    }

    private static void check(PreTokenizer fast, PreTokenizer slow, String text) {
        List<String> pieces = pieces(fast, text);
        if (!pieces.equals(pieces(slow, text)) || !String.join("", pieces).equals(text)) {
            fail("'%s' is cut into %s, not %s", text, pieces, pieces(slow, text));
        }
    }

    private static List<String> pieces(PreTokenizer splitter, String text) {
        Pieces pieces = splitter.apply(Pieces.whole(CharText.of(text, false)));
        Spans spans = pieces.spans();
        List<String> list = new ArrayList<>();
        for (int s = 0; s < spans.size(); s++) {
            list.add(text.substring(spans.start(s), spans.end(s)));
        }
        return list;
    }
}
