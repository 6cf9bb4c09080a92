package io.chagres.train.loop;

import java.time.Duration;
import java.util.Optional;

/// Figures of a training step.
///
/// @param step steps done, this one included
/// @param totalSteps steps in all
/// @param loss mean loss per target of this step, in nats
/// @param averageLoss moving average of it
/// @param learningRate learning rate of this step
/// @param gradientNorm global norm of the gradients before clipping
/// @param skipped whether nothing was changed because loss or norm is infinite or NaN
/// @param tokens targets trained on since the run began
/// @param tokensPerSecond speed over the last steps, without evaluation and saving
/// @param timeLeft time the remaining steps need at this speed; empty while unknown
/// @param peakBytes most memory the arenas have used at once
/// @param heldBytes memory the arenas hold
public record StepMetrics(
        long step,
        long totalSteps,
        double loss,
        double averageLoss,
        double learningRate,
        double gradientNorm,
        boolean skipped,
        long tokens,
        double tokensPerSecond,
        Optional<Duration> timeLeft,
        long peakBytes,
        long heldBytes) {}
