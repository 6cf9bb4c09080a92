package io.chagres.train.eval.classify;

import io.chagres.train.eval.classify.BagOfWords.Features;
import java.util.Arrays;
import java.util.List;

/// Multinomial logistic regression on counts of words: the baseline that a fine-tuned model has to
/// beat.
///
/// Minimises Σ -log p(class | text) + ‖W‖² / 2C over the training texts; biases are not punished.
/// The same texts give the same bits.
public final class LogisticRegression implements Classifier {
    private static final double C = 1;
    private static final int MAX_ITERATIONS = 300;

    private final BagOfWords words;
    private final int classes;
    private final double[] weights; // (words + 1, classes), biases in the last row

    private LogisticRegression(BagOfWords words, int classes, double[] weights) {
        this.words = words;
        this.classes = classes;
        this.weights = weights;
    }

    /// Trains on texts.
    ///
    /// @param truth index of each text's class
    /// @param classes number of classes
    /// @throws IllegalArgumentException when there are not as many classes as texts, or none
    public static LogisticRegression train(List<String> texts, List<Integer> truth, int classes) {
        if (texts.isEmpty() || texts.size() != truth.size()) {
            throw new IllegalArgumentException(
                    texts.size() + " texts to train on, and classes of " + truth.size());
        }
        var words = new BagOfWords(texts);
        List<Features> rows = texts.stream().map(words::of).toList();
        double[] start = new double[(words.size() + 1) * classes];
        double[] best =
                Lbfgs.minimize(
                        start,
                        MAX_ITERATIONS,
                        (x, gradient) -> objective(rows, truth, classes, x, gradient));
        return new LogisticRegression(words, classes, best);
    }

    @Override
    public List<Prediction> predict(List<String> texts) {
        return texts.stream()
                .map(text -> Prediction.ofLogs(scores(words.of(text), classes, weights)))
                .toList();
    }

    private static double objective(
            List<Features> rows, List<Integer> truth, int classes, double[] x, double[] gradient) {
        Arrays.fill(gradient, 0);
        double loss = 0;
        int biases = x.length - classes;
        for (int row = 0; row < rows.size(); row++) {
            Features features = rows.get(row);
            Prediction found = Prediction.ofLogs(scores(features, classes, x));
            int right = truth.get(row);
            loss += found.loss(right);
            for (int k = 0; k < classes; k++) {
                double d = found.probabilities()[k] - (k == right ? 1 : 0);
                gradient[biases + k] += d;
                for (int i = 0; i < features.ids().length; i++) {
                    gradient[features.ids()[i] * classes + k] += d * features.counts()[i];
                }
            }
        }
        for (int i = 0; i < biases; i++) {
            loss += x[i] * x[i] / (2 * C);
            gradient[i] += x[i] / C;
        }
        return loss;
    }

    private static double[] scores(Features features, int classes, double[] x) {
        double[] scores = Arrays.copyOfRange(x, x.length - classes, x.length);
        for (int i = 0; i < features.ids().length; i++) {
            int at = features.ids()[i] * classes;
            for (int k = 0; k < classes; k++) {
                scores[k] += x[at + k] * features.counts()[i];
            }
        }
        return scores;
    }
}
