package io.chagres.train.eval.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// chrF values are those of sacrebleu 2.6.0, stems those of NLTK 3.8.
class TextScoresTest {
    @Test
    void chrF() {
        List<String> texts = List.of("(hi) 猫 坐在垫子上。", "𠀀 cat!");
        List<List<String>> references = List.of(List.of("hi! 猫在垫子上"), List.of("a 𠀀 cat"));
        assertThat(ChrF.STANDARD.corpus(texts, references))
                .isEqualTo(34.88385908299583, within(1e-12));
        assertThat(
                        new ChrF(6, 2, 2, true)
                                .sentence("(Hi) there, World!", List.of("hi there world!")))
                .isEqualTo(52.94984554903025, within(1e-12));
        assertThat(ChrF.STANDARD.sentence("abc", List.of("xyz", "abc"))).isEqualTo(100);
        assertThat(ChrF.STANDARD.sentence("", List.of("abc"))).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "relational, relat",
        "conditional, condit",
        "hopefulli, hope",
        "psychologi, psycholog",
        "dies, die",
        "flies, fli",
        "dying, die",
        "happy, happi",
        "say, say",
        "enjoy, enjoy",
        "hopping, hop",
        "falling, fall",
        "filing, file",
        "sized, size",
        "agreed, agre",
        "feed, feed",
        "succeed, succeed",
        "generalizations, gener",
        "electriciti, electr",
        "adjustment, adjust",
        "replacement, replac",
        "adoption, adopt",
        "vietnamization, vietnam",
        "rally, ralli",
        "controll, control",
        "probate, probat",
        "cease, ceas",
        "a, a",
        "is, is",
        "oscillators, oscil",
    })
    void stems(String word, String stem) {
        assertThat(PorterStemmer.stem(word)).isEqualTo(stem);
    }

    @Test
    void rougeCountsHitsOnceAndTakesTheBestReference() {
        var rouge = new Rouge(false);
        // 2 of 4 words match, of 3 in the reference
        Rouge.Score one = rouge.score(Rouge.Kind.ROUGE1, "The the a B!", "b, the c");
        assertThat(one.precision()).isEqualTo(2.0 / 4);
        assertThat(one.recall()).isEqualTo(2.0 / 3);
        Rouge.Score mean =
                rouge.corpus(
                        Rouge.Kind.ROUGE_L,
                        List.of("a b c", "x"),
                        List.of(List.of("c", "a b c"), List.of("y")));
        assertThat(mean.f()).isEqualTo(0.5);
        assertThat(rouge.score(Rouge.Kind.ROUGE_LSUM, "", "").f()).isZero();
        // line by line the order of lines does not count
        assertThat(rouge.score(Rouge.Kind.ROUGE_LSUM, "c d\na b", "a b\nc d").f()).isEqualTo(1);
        assertThat(rouge.score(Rouge.Kind.ROUGE_L, "c d\na b", "a b\nc d").f()).isEqualTo(0.5);
    }

    @Test
    void exactMatch() {
        assertThat(
                        ExactMatch.corpus(
                                List.of(" yes\n", "Yes", "no"),
                                List.of(List.of("yes"), List.of("yes"), List.of("a", "no"))))
                .isEqualTo(200.0 / 3);
    }
}
