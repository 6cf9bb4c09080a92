package io.chagres.train.eval.errors;

import io.chagres.tensor.io.AtomicFiles;
import io.chagres.tensor.io.Json;
import io.chagres.train.eval.classify.Classifier.Prediction;
import io.chagres.train.eval.errors.ErrorCase.Neighbour;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// Collects a model's errors, with neighbours in the training data that may explain them: a wrong
/// label there, or nothing like the case at all.
///
/// ```java
/// var library = new ErrorLibrary(trainingTexts, trainingLabels, 3, 100);
/// library.write(library.wrongLabels(texts, truth, predictions, labels, template::filled), file);
/// ```
public final class ErrorLibrary {
    private final List<String> texts;
    private final List<String> labels;
    private final TextIndex index;
    private final int neighbours;
    private final int most;

    /// A library over training data.
    ///
    /// @param texts of the training data; may be empty
    /// @param labels of these texts; empty when they have none
    /// @param neighbours how many of them to find for each case
    /// @param most cases to keep at most: the worst ones
    public ErrorLibrary(List<String> texts, List<String> labels, int neighbours, int most) {
        if (!labels.isEmpty() && labels.size() != texts.size()) {
            throw new IllegalArgumentException(
                    texts.size() + " training texts, but labels of " + labels.size());
        }
        this.texts = List.copyOf(texts);
        this.labels = List.copyOf(labels);
        this.index = new TextIndex(this.texts);
        this.neighbours = neighbours;
        this.most = most;
    }

    /// A case before it has neighbours.
    ///
    /// @param source the text that neighbours are like
    /// @param text with the right answer in it
    /// @param loss how bad it is
    /// @param facts what else is known of it, as JSON values
    public record Found(String source, String text, double loss, Map<String, Object> facts) {}

    /// The worst cases, the worst first; of two as bad the earlier one.
    public List<ErrorCase> worst(List<Found> found) {
        return found.stream()
                .sorted(Comparator.comparingDouble(Found::loss).reversed())
                .limit(most)
                .map(f -> new ErrorCase(f.text, f.loss, f.facts, nearest(f.source)))
                .toList();
    }

    /// The texts that were given a wrong label, those first that were given it with the highest
    /// confidence. Facts are `source`, `label`, `predicted`, `probability` (of the label given) and
    /// `suspect_label`: whether most of the neighbours have the predicted label, so that it may be
    /// the one in the data that is wrong.
    ///
    /// @param truth index of each text's class
    /// @param names of the classes
    /// @param filled makes a text to train on of a text and its label
    public List<ErrorCase> wrongLabels(
            List<String> cases,
            List<Integer> truth,
            List<Prediction> predictions,
            List<String> names,
            BiFunction<String, String, String> filled) {
        List<Found> wrong = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            Prediction prediction = predictions.get(i);
            if (prediction.label() != truth.get(i)) {
                String right = names.get(truth.get(i));
                Map<String, Object> facts = new LinkedHashMap<>();
                facts.put("source", cases.get(i));
                facts.put("label", right);
                facts.put("predicted", names.get(prediction.label()));
                facts.put("probability", prediction.probabilities()[prediction.label()]);
                wrong.add(
                        new Found(
                                cases.get(i),
                                filled.apply(cases.get(i), right),
                                prediction.loss(truth.get(i)),
                                facts));
            }
        }
        return worst(wrong).stream().map(ErrorLibrary::judged).toList();
    }

    private static ErrorCase judged(ErrorCase found) {
        Object predicted = found.facts().get("predicted");
        long agree =
                found.neighbours().stream()
                        .filter(n -> Objects.equals(n.label(), predicted))
                        .count();
        Map<String, Object> facts = new LinkedHashMap<>(found.facts());
        facts.put("suspect_label", 2 * agree > found.neighbours().size());
        return new ErrorCase(found.text(), found.loss(), facts, found.neighbours());
    }

    /// Neighbours of a text; where it is in the training data itself, it is not one of them.
    private List<Neighbour> nearest(String text) {
        return index.nearest(text, neighbours, i -> !texts.get(i).equals(text)).stream()
                .map(hit -> new Neighbour(texts.get(hit.index()), label(hit.index()), hit.score()))
                .toList();
    }

    private @Nullable String label(int i) {
        return labels.isEmpty() ? null : labels.get(i);
    }

    /// Writes cases as jsonl, which training reads back.
    public static void write(List<ErrorCase> cases, Path file) throws IOException {
        var lines = new StringBuilder();
        cases.forEach(c -> lines.append(Json.line(c.toJson())).append('\n'));
        AtomicFiles.writeString(file, lines.toString());
    }
}
