package io.chagres.train.schedule;

/// A learning rate as a pure function of the step: warm-up, then a decay.
///
/// The shape is that of `get_cosine_schedule_with_warmup`, `get_linear_schedule_with_warmup` and
/// `get_constant_schedule_with_warmup` of Hugging Face Transformers. With `w` warm-up steps and `n`
/// steps in all, step `t` counted from 0:
///
/// - `t < w`: `peak · t / w`, so the very first update of a warm-up has rate 0;
/// - otherwise `p = min(1, (t − w) / max(1, n − w))` and `peak · (r + (1 − r) · decay(p))`, where
///   `r` is `minRatio`, and `decay` is 1 for [Decay#CONSTANT], `1 − p` for [Decay#LINEAR] and `(1 +
///   cos πp) / 2` for [Decay#COSINE].
///
/// Past step `n` the rate stays at its last value (Hugging Face's cosine would rise again). The
/// cosine is [StrictMath]'s, so every machine gets the same bits.
///
/// @param decay what follows the warm-up
/// @param peak the rate at the end of the warm-up
/// @param minRatio the last rate as a part of `peak`, 0 to 1; a constant schedule ignores it
/// @param warmupSteps steps of linear warm-up, 0 for none
/// @param totalSteps steps of the run, warm-up included
public record LearningRate(
        Decay decay, double peak, double minRatio, long warmupSteps, long totalSteps) {

    /// What the learning rate does after the warm-up.
    public enum Decay {
        /// Stays at the peak.
        CONSTANT,
        /// Falls in a straight line.
        LINEAR,
        /// Falls along half a cosine wave.
        COSINE;

        double at(double progress) {
            return switch (this) {
                case CONSTANT -> 1;
                case LINEAR -> 1 - progress;
                case COSINE -> 0.5 * (1 + StrictMath.cos(Math.PI * progress));
            };
        }
    }

    /// Checks the parameters.
    ///
    /// @throws IllegalArgumentException when one is out of its range; the message names it
    public LearningRate {
        if (!(peak >= 0) || Double.isInfinite(peak)) {
            throw new IllegalArgumentException("peak must be a finite number >= 0, got " + peak);
        }
        if (!(minRatio >= 0 && minRatio <= 1)) {
            throw new IllegalArgumentException("minRatio must be in [0, 1], got " + minRatio);
        }
        if (warmupSteps < 0 || totalSteps < 0) {
            throw new IllegalArgumentException(
                    "steps must not be negative, got warmupSteps %d and totalSteps %d"
                            .formatted(warmupSteps, totalSteps));
        }
    }

    /// The learning rate of a step.
    ///
    /// @param step the step, counted from 0
    public double at(long step) {
        if (step < 0) {
            throw new IllegalArgumentException("step must not be negative, got " + step);
        }
        if (step < warmupSteps) {
            return peak * ((double) step / warmupSteps);
        }
        double span = Math.max(1, totalSteps - warmupSteps);
        double progress = Math.min(1, (step - warmupSteps) / span);
        double factor = decay.at(progress);
        return peak * (minRatio + (1 - minRatio) * factor);
    }
}
