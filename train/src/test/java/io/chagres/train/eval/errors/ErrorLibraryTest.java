package io.chagres.train.eval.errors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.train.SharedData;
import io.chagres.train.data.Corpus;
import io.chagres.train.data.Source;
import io.chagres.train.eval.Row;
import io.chagres.train.eval.Rows;
import io.chagres.train.eval.classify.LogisticRegression;
import io.chagres.train.eval.errors.TextIndex.Hit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErrorLibraryTest {
    private static final List<String> NAMES = List.of("ham", "spam");

    @TempDir private Path folder;

    @Test
    void theIndexFindsWhatSharesRareWords() {
        var index =
                new TextIndex(
                        List.of(
                                "the river runs to the sea",
                                "the sea is wide and the river is long, and the sea is deep",
                                "the river",
                                "a cat"));
        List<Hit> hits = index.nearest("The SEA!", 5, i -> true);
        assertThat(hits).extracting(Hit::index).containsExactly(0, 1, 2);
        assertThat(index.nearest("sea", 1, i -> i != 0)).extracting(Hit::index).containsExactly(1);
        assertThat(index.nearest("unknown", 3, i -> true)).isEmpty();
        // idf ln(1 + (4 - 1 + .5) / (1 + .5)), length 2 of a mean of 6
        double idf = Math.log(1 + 3.5 / 1.5);
        double expected = idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / 6));
        assertThat(index.nearest("cat", 1, i -> true).getFirst().score())
                .isEqualTo(expected, within(1e-12));
    }

    @Test
    void plantedWrongLabelsAreFoundAndReadBack() throws IOException {
        List<String> train = new ArrayList<>();
        List<Integer> trainTruth = new ArrayList<>();
        String[] ham = {"see you at dinner", "home later tonight", "call me when you are home"};
        String[] spam = {"win a free prize now", "free cash call now", "claim your prize today"};
        for (int i = 0; i < 30; i++) {
            train.add(ham[i % 3] + " friend " + i);
            trainTruth.add(0);
            train.add(spam[i % 3] + " winner " + i);
            trainTruth.add(1);
        }
        List<String> texts = new ArrayList<>();
        List<Integer> truth = new ArrayList<>();
        Set<String> planted = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            boolean bad = i % 5 == 0;
            boolean isSpam = i % 2 == 0;
            texts.add((isSpam ? spam : ham)[i % 3] + " number " + i);
            truth.add(isSpam == bad ? 0 : 1);
            if (bad) {
                planted.add(texts.getLast());
            }
        }
        var model = LogisticRegression.train(train, trainTruth, 2);
        var library = new ErrorLibrary(train, trainTruth.stream().map(NAMES::get).toList(), 3, 100);
        List<ErrorCase> found =
                library.wrongLabels(
                        texts,
                        truth,
                        model.predict(texts),
                        NAMES,
                        (text, label) -> text + " = " + label);
        assertThat(found).extracting(c -> c.facts().get("source")).hasSameElementsAs(planted);
        assertThat(found)
                .allSatisfy(c -> {
                    assertThat(c.facts().get("suspect_label")).isEqualTo(true);
                    assertThat(c.neighbours()).hasSize(3);
                    assertThat(c.text()).endsWith("= " + c.facts().get("label"));
                });
        assertThat(found)
                .extracting(ErrorCase::loss)
                .isSortedAccordingTo((a, b) -> -a.compareTo(b));

        Path file = folder.resolve("errors.jsonl");
        ErrorLibrary.write(found, file);
        List<String> documents = new ArrayList<>();
        Corpus.open(List.of(Source.of(file.toString()))).forEach(d -> documents.add(d.text()));
        assertThat(documents).isEqualTo(found.stream().map(ErrorCase::text).toList());
    }

    @Test
    void plantedWrongLabelsAmongRealMessagesAreFound() {
        Path file = SharedData.require("data/classify/sms_spam.tsv");
        List<String> train = new ArrayList<>();
        List<Integer> trainTruth = new ArrayList<>();
        List<String> held = new ArrayList<>();
        List<Integer> heldTruth = new ArrayList<>();
        Set<String> planted = new HashSet<>();
        int n = 0;
        for (Row row : Rows.read(file, List.of("1", "2"))) {
            int label = row.text("1").equals("spam") ? 1 : 0;
            if (n++ % 5 != 4) {
                train.add(row.text("2"));
                trainTruth.add(label);
            } else {
                boolean bad = held.size() % 40 == 0;
                held.add(row.text("2"));
                heldTruth.add(bad ? 1 - label : label);
                if (bad) {
                    planted.add(row.text("2"));
                }
            }
        }
        var library = new ErrorLibrary(train, trainTruth.stream().map(NAMES::get).toList(), 5, 200);
        List<ErrorCase> found =
                library.wrongLabels(
                        held,
                        heldTruth,
                        LogisticRegression.train(train, trainTruth, 2).predict(held),
                        NAMES,
                        (text, label) -> text);
        List<Object> sources = found.stream().map(c -> c.facts().get("source")).toList();
        long hits = planted.stream().filter(sources::contains).count();
        assertThat((double) hits / planted.size()).isGreaterThan(0.9);
        long first = sources.subList(0, planted.size()).stream().filter(planted::contains).count();
        assertThat((double) first / planted.size())
                .as("they are those it is most certain about")
                .isGreaterThan(0.7);
    }

    @Test
    void aTextIsNotItsOwnNeighbour() {
        var library = new ErrorLibrary(List.of("a b", "a c"), List.of(), 2, 1);
        List<ErrorCase> worst =
                library.worst(
                        List.of(
                                new ErrorLibrary.Found("x", "x", 1, Map.of()),
                                new ErrorLibrary.Found("a b", "a b", 2, Map.of())));
        assertThat(worst).hasSize(1);
        assertThat(worst.getFirst().neighbours())
                .extracting(ErrorCase.Neighbour::text)
                .containsExactly("a c");
    }
}
