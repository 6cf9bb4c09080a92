package io.chagres.train.metrics;

/// Early stopping: remembers the best validation loss and how many evaluations have passed since.
///
/// Immutable; each evaluation gives the next state. To resume, replay the logged evaluations or
/// store the components.
///
/// @param patience evaluations without an improvement after which to stop, 0 for never
/// @param minDelta by how much a loss must be lower than the best to count as an improvement
/// @param best the lowest validation loss so far, infinite before the first evaluation
/// @param bestStep the step of `best`, -1 before the first evaluation
/// @param evaluationsSinceBest evaluations after `bestStep`
public record EarlyStop(
        int patience, double minDelta, double best, long bestStep, int evaluationsSinceBest) {

    /// Checks patience and delta.
    public EarlyStop {
        if (patience < 0) {
            throw new IllegalArgumentException("patience must not be negative, got " + patience);
        }
        if (!(minDelta >= 0)) {
            throw new IllegalArgumentException("minDelta must not be negative, got " + minDelta);
        }
    }

    /// The state before the first evaluation.
    public static EarlyStop start(int patience, double minDelta) {
        return new EarlyStop(patience, minDelta, Double.POSITIVE_INFINITY, -1, 0);
    }

    /// The state after an evaluation. A loss that is not a number never improves.
    public EarlyStop observe(long step, double validationLoss) {
        return validationLoss < best - minDelta
                ? new EarlyStop(patience, minDelta, validationLoss, step, 0)
                : new EarlyStop(patience, minDelta, best, bestStep, evaluationsSinceBest + 1);
    }

    /// Whether the last evaluation was the best so far.
    public boolean improved() {
        return bestStep >= 0 && evaluationsSinceBest == 0;
    }

    /// Whether patience has run out.
    public boolean shouldStop() {
        return patience > 0 && evaluationsSinceBest >= patience;
    }
}
