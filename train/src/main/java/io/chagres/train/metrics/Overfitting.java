package io.chagres.train.metrics;

/// Notices overfitting: the validation loss rises while the training loss falls.
///
/// It is seen when `evaluations` evaluations in a row have not gone below the best validation loss,
/// the last of them is above that best by more than `tolerance` (relative), and the training loss
/// is lower than it was at the best evaluation. Reported once ([#justFound]) until a new best is
/// reached. Immutable; each evaluation gives the next state.
///
/// @param evaluations how many evaluations in a row it takes, at least 1
/// @param tolerance relative rise of the validation loss that is still noise
/// @param bestValidation the lowest validation loss so far, infinite before the first evaluation
/// @param trainingAtBest the training loss at that evaluation
/// @param sinceBest evaluations since then
/// @param found whether overfitting has been seen since then
/// @param justFound whether it was seen for the first time at the last evaluation
public record Overfitting(
        int evaluations,
        double tolerance,
        double bestValidation,
        double trainingAtBest,
        int sinceBest,
        boolean found,
        boolean justFound) {

    /// Checks the parameters.
    public Overfitting {
        if (evaluations < 1) {
            throw new IllegalArgumentException("evaluations must be >= 1, got " + evaluations);
        }
        if (!(tolerance >= 0)) {
            throw new IllegalArgumentException("tolerance must not be negative, got " + tolerance);
        }
    }

    /// The state before the first evaluation.
    public static Overfitting start(int evaluations, double tolerance) {
        return new Overfitting(
                evaluations, tolerance, Double.POSITIVE_INFINITY, Double.NaN, 0, false, false);
    }

    /// The state after an evaluation.
    ///
    /// @param trainingLoss recent (averaged) training loss
    /// @param validationLoss loss on held-out text
    public Overfitting observe(double trainingLoss, double validationLoss) {
        if (validationLoss < bestValidation) {
            return new Overfitting(
                    evaluations, tolerance, validationLoss, trainingLoss, 0, false, false);
        }
        int since = sinceBest + 1;
        boolean rises = validationLoss > bestValidation * (1 + tolerance);
        boolean now = since >= evaluations && rises && trainingLoss < trainingAtBest;
        return new Overfitting(
                evaluations,
                tolerance,
                bestValidation,
                trainingAtBest,
                since,
                found || now,
                now && !found);
    }
}
