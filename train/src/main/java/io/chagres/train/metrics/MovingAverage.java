package io.chagres.train.metrics;

/// Exponential moving average without start-up bias: after `n` values `Σ dⁿ⁻ⁱ xᵢ / Σ dⁿ⁻ⁱ`, so the
/// first average is the first value.
///
/// Values that are not finite are skipped, so that one overflowing step does not blank the display
/// for good. Immutable.
///
/// @param decay weight of the past, 0 (last value only) up to but not 1
/// @param weighted the numerator above
/// @param weight the denominator above
public record MovingAverage(double decay, double weighted, double weight) {

    /// Checks the decay.
    public MovingAverage {
        if (!(decay >= 0 && decay < 1)) {
            throw new IllegalArgumentException("decay must be in [0, 1), got " + decay);
        }
    }

    /// An average that has seen nothing.
    public static MovingAverage withDecay(double decay) {
        return new MovingAverage(decay, 0, 0);
    }

    /// The average after one more value.
    public MovingAverage add(double x) {
        return Double.isFinite(x)
                ? new MovingAverage(
                        decay, decay * weighted + (1 - decay) * x, decay * weight + (1 - decay))
                : this;
    }

    /// The average, NaN before the first value.
    public double value() {
        return weight > 0 ? weighted / weight : Double.NaN;
    }
}
