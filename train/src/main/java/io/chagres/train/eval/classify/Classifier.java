package io.chagres.train.eval.classify;

import java.util.List;

/// Sorts texts into classes.
@FunctionalInterface
public interface Classifier {
    /// What a classifier makes of a text.
    ///
    /// @param label index of the class it chose, the first one with the highest probability
    /// @param probabilities of the classes
    record Prediction(int label, double[] probabilities) {
        /// The prediction that probabilities make.
        public static Prediction of(double[] probabilities) {
            int best = 0;
            for (int i = 1; i < probabilities.length; i++) {
                best = probabilities[i] > probabilities[best] ? i : best;
            }
            return new Prediction(best, probabilities);
        }

        /// The prediction that unnormalised log-probabilities make.
        public static Prediction ofLogs(double[] logs) {
            double max = Double.NEGATIVE_INFINITY;
            for (double x : logs) {
                max = Math.max(max, x);
            }
            double sum = 0;
            double[] p = new double[logs.length];
            for (int i = 0; i < p.length; i++) {
                p[i] = Math.exp(logs[i] - max);
                sum += p[i];
            }
            for (int i = 0; i < p.length; i++) {
                p[i] /= sum;
            }
            return of(p);
        }

        /// Negative log-probability of a class, in nats.
        public double loss(int truth) {
            return -Math.log(probabilities[truth]);
        }
    }

    /// The classes of texts, in their order.
    List<Prediction> predict(List<String> texts);

    /// The baseline that gives every text the class that is most frequent in training; of two the
    /// one with the lower index.
    ///
    /// @param truth classes of the training texts
    /// @param classes number of classes
    static Classifier majority(List<Integer> truth, int classes) {
        double[] shares = new double[classes];
        truth.forEach(label -> shares[label] += 1.0 / truth.size());
        Prediction always = Prediction.of(shares);
        return texts -> texts.stream().map(text -> always).toList();
    }
}
