package io.chagres.train.eval.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.chagres.train.SharedData;
import io.chagres.train.eval.Row;
import io.chagres.train.eval.Rows;
import io.chagres.train.eval.classify.Classifier.Prediction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClassifiersTest {
    private static List<Integer> labels(Classifier classifier, List<String> texts) {
        return classifier.predict(texts).stream().map(Prediction::label).toList();
    }

    @Test
    void scoresOfAConfusionMatrix() {
        var matrix =
                ConfusionMatrix.of(
                        List.of("a", "b", "c", "never"),
                        List.of(0, 1, 2, 0, 1, 2),
                        List.of(0, 2, 1, 0, 0, 1));
        assertThat(matrix.count(1, 2)).isEqualTo(1);
        assertThat(matrix.count(2, 1)).isEqualTo(2);
        assertThat(matrix.accuracy()).isEqualTo(2.0 / 6);
        assertThat(matrix.microF1()).isEqualTo(2.0 / 6);
        // f1 of a is 2·2 / (3 + 2), of b and c 0; "never" does not count
        assertThat(matrix.macroF1()).isEqualTo(0.8 / 3, within(1e-15));
        ConfusionMatrix.ClassScore a = matrix.score(0);
        assertThat(a.precision()).isEqualTo(2.0 / 3);
        assertThat(a.recall()).isEqualTo(1);
        assertThat(a.support()).isEqualTo(2);
        assertThat(matrix.score(3).f1()).isZero();
    }

    @Test
    void majorityIsTheMostFrequentClass() {
        Classifier majority = Classifier.majority(List.of(1, 0, 1), 3);
        assertThat(labels(majority, List.of("x", "y"))).containsExactly(1, 1);
        assertThat(majority.predict(List.of("x")).getFirst().loss(1))
                .isEqualTo(-Math.log(2.0 / 3), within(1e-12));
    }

    @Test
    void logisticRegressionFindsTheTellingWords() {
        List<String> texts = List.of("win a prize", "see you later", "prize inside", "later then");
        LogisticRegression found = LogisticRegression.train(texts, List.of(1, 0, 1, 0), 2);
        assertThat(labels(found, List.of("a PRIZE!", "later?", "prize later win")))
                .containsExactly(1, 0, 1);
        double[] p = found.predict(List.of("unknown words")).getFirst().probabilities();
        assertThat(p[0] + p[1]).isEqualTo(1, within(1e-12));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LogisticRegression.train(texts, List.of(1), 2));
    }

    @Test
    void logisticRegressionReachesTheMinimum() {
        LogisticRegression found = LogisticRegression.train(List.of("aa", "bb"), List.of(0, 1), 2);
        // each word's weights are (w, -w); d/dw of the loss: 2w/C - 2 / (1 + e^2w) = 0
        double w = 0;
        for (int i = 0; i < 200; i++) {
            w = 0.5 * w + 0.5 / (1 + Math.exp(2 * w));
        }
        double expected = 1 / (1 + Math.exp(-2 * w));
        assertThat(found.predict(List.of("aa")).getFirst().probabilities()[0])
                .isEqualTo(expected, within(1e-4));
    }

    @Test
    void baselinesOnRealMessages() {
        Path file = SharedData.require("data/classify/sms_spam.tsv");
        List<String> train = new ArrayList<>();
        List<Integer> trainTruth = new ArrayList<>();
        List<String> held = new ArrayList<>();
        List<Integer> heldTruth = new ArrayList<>();
        int n = 0;
        for (Row row : Rows.read(file, List.of("1", "2"))) {
            boolean out = n++ % 5 == 4;
            (out ? held : train).add(row.text("2"));
            (out ? heldTruth : trainTruth).add(row.text("1").equals("spam") ? 1 : 0);
        }
        List<String> names = List.of("ham", "spam");
        var majority = Classifier.majority(trainTruth, 2);
        var words = LogisticRegression.train(train, trainTruth, 2);
        var low = ConfusionMatrix.of(names, heldTruth, labels(majority, held));
        var high = ConfusionMatrix.of(names, heldTruth, labels(words, held));
        System.Logger log = System.getLogger(ClassifiersTest.class.getName());
        log.log(
                System.Logger.Level.INFO,
                "majority {0}, bag of words {1}, F1 of spam {2}",
                low.accuracy(),
                high.accuracy(),
                high.score(1).f1());
        assertThat(low.accuracy()).isBetween(0.8, 0.9);
        assertThat(high.accuracy()).isGreaterThan(0.97);
        assertThat(high.score(1).f1()).isGreaterThan(0.9);
    }

    @Test
    void templates() {
        PromptTemplate template = PromptTemplate.of("{text}\nClass: {label}");
        assertThat(template.prompt("a {label}")).isEqualTo("a {label}\nClass: ");
        assertThat(template.filled("x", "y")).isEqualTo("x\nClass: y");
        for (String wrong : List.of("{label}", "{text}", "{label}{text}", "{text}{label}.")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> PromptTemplate.of(wrong))
                    .withMessageContaining(wrong);
        }
    }
}
