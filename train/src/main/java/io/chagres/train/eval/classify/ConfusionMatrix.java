package io.chagres.train.eval.classify;

import java.util.Arrays;
import java.util.List;

/// How often texts of each class were given each label. Not safe for use by several threads.
public final class ConfusionMatrix {
    private final List<String> labels;
    private final long[][] counts;

    /// An empty matrix.
    ///
    /// @param labels names of the classes, in the order of their indices
    public ConfusionMatrix(List<String> labels) {
        this.labels = List.copyOf(labels);
        this.counts = new long[labels.size()][labels.size()];
    }

    /// How well one class is found.
    ///
    /// @param precision share of the texts with this label that are of the class; 0 without any
    /// @param recall share of the class that has this label; 0 without any
    /// @param f1 harmonic mean of both: 2 · hits / (labelled + of the class)
    /// @param support texts of the class
    public record ClassScore(double precision, double recall, double f1, long support) {}

    /// The matrix of some predictions.
    ///
    /// @param truth index of each text's class
    /// @param predicted index of the label it was given
    public static ConfusionMatrix of(
            List<String> labels, List<Integer> truth, List<Integer> predicted) {
        if (truth.size() != predicted.size()) {
            throw new IllegalArgumentException(
                    truth.size() + " classes, but " + predicted.size() + " predictions");
        }
        var matrix = new ConfusionMatrix(labels);
        for (int i = 0; i < truth.size(); i++) {
            matrix.add(truth.get(i), predicted.get(i));
        }
        return matrix;
    }

    /// Adds one text.
    public void add(int truth, int predicted) {
        counts[truth][predicted]++;
    }

    /// Names of the classes.
    public List<String> labels() {
        return labels;
    }

    /// How many texts of a class were given a label.
    public long count(int truth, int predicted) {
        return counts[truth][predicted];
    }

    /// Texts in all.
    public long total() {
        return Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
    }

    /// The score of one class.
    public ClassScore score(int label) {
        long hits = counts[label][label];
        long support = Arrays.stream(counts[label]).sum();
        long given = given(label);
        return new ClassScore(
                ratio(hits, given),
                ratio(hits, support),
                ratio(2 * hits, given + support),
                support);
    }

    /// The share of texts with the right label; NaN for no texts.
    public double accuracy() {
        long hits = 0;
        for (int i = 0; i < counts.length; i++) {
            hits += counts[i][i];
        }
        return (double) hits / total();
    }

    /// F1 over all classes together, which is the accuracy where each text has one label.
    public double microF1() {
        return accuracy();
    }

    /// The mean of the classes' F1. Classes that are neither in the data nor predicted are left
    /// out, as in scikit-learn.
    public double macroF1() {
        double sum = 0;
        int classes = 0;
        for (int i = 0; i < counts.length; i++) {
            ClassScore score = score(i);
            if (score.support > 0 || given(i) > 0) {
                sum += score.f1;
                classes++;
            }
        }
        return sum / classes;
    }

    private long given(int label) {
        return Arrays.stream(counts).mapToLong(row -> row[label]).sum();
    }

    private static double ratio(long a, long b) {
        return b == 0 ? 0 : (double) a / b;
    }
}
