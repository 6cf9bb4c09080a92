package io.chagres.train.eval.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Values without a derivation beside them are those of sacrebleu 2.6.0.
class BleuTest {
    private static double bleu(BleuTokenizer tokenizer, String text, String reference) {
        return Bleu.with(tokenizer).corpus(List.of(text), List.of(List.of(reference))).value();
    }

    @Test
    void readsEntitiesAndKeepsNumbersWhole() {
        assertThat(
                        bleu(
                                BleuTokenizer.V13A,
                                "It costs 3.50, i.e. &quot;1,000&quot; in 1990-1995 (approx.).",
                                "It costs 3.50, that is \"1,000\" in 1990-95 (approx.)."))
                .isEqualTo(53.7700339214563, within(1e-12));
        assertThat(BleuTokenizer.V13A.words("U.S. 3.14 a,b 5-6 (x) it's"))
                .containsExactly(
                        "U", ".", "S", ".", "3.14", "a", ",", "b", "5", "-", "6", "(", "x", ")",
                        "it's");
    }

    @Test
    void cutsChineseIntoCharacters() {
        List<String> texts = List.of("他说“你好”…2024年GPT-4很强！", "第二句。");
        List<List<String>> references = List.of(List.of("他说“您好”…2024年GPT-4非常强！"), List.of("第二句。"));
        assertThat(Bleu.with(BleuTokenizer.ZH).corpus(texts, references).value())
                .isEqualTo(56.252872629007605, within(1e-12));
        assertThat(BleuTokenizer.ZH.words("a→b 𠀀字"))
                .as("arrows are words of their own, ideographs beyond 16 bits are not")
                .containsExactly("a", "→", "b", "𠀀", "字");
        assertThat(bleu(BleuTokenizer.CHAR, "a bc d", "a bd d"))
                .isEqualTo(35.35533905932737, within(1e-12));
    }

    @Test
    void clipsCountsAndPunishesShortTexts() {
        // "the" is twice in the reference: 2 of 7 words match
        Bleu.Score clipped =
                Bleu.STANDARD.corpus(
                        List.of("the the the the the the the"),
                        List.of(List.of("the cat is on the mat")));
        assertThat(clipped.precisions().getFirst()).isEqualTo(200.0 / 7);
        Bleu.Score shortened =
                Bleu.STANDARD.corpus(List.of("a b c d"), List.of(List.of("a b c d e f g h")));
        assertThat(shortened.brevityPenalty()).isEqualTo(Math.exp(-1));
        assertThat(shortened.value()).isEqualTo(100 * Math.exp(-1), within(1e-12));
    }

    @Test
    void theClosestReferenceCountsAndOfTwoTheShorter() {
        Bleu.Score score =
                Bleu.STANDARD.corpus(
                        List.of("a b c d"), List.of(List.of("a b c d e", "a b c", "a b")));
        assertThat(score.referenceLength()).isEqualTo(3);
        assertThat(score.brevityPenalty()).isEqualTo(1);
    }

    @Test
    void aSentenceShorterThanTheLongestNGramIsJudgedByWhatItHas() {
        assertThat(Bleu.STANDARD.sentence("a b", List.of("a b")).value())
                .isEqualTo(100, within(1e-12));
        assertThat(bleu(BleuTokenizer.NONE, "a b", "a b")).isLessThan(1e-6);
    }

    @Test
    void refusesListsThatDoNotMatch() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Bleu.STANDARD.corpus(List.of("a"), List.of()))
                .withMessageContaining("1 texts");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Bleu.STANDARD.corpus(List.of("a"), List.of(List.of())))
                .withMessageContaining("text 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BleuTokenizer.of("intl"))
                .withMessageContaining("intl");
    }
}
