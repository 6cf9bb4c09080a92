package io.chagres.train.loop;

import io.chagres.train.eval.Evaluation;
import java.nio.file.Path;
import java.util.Optional;

/// How a run ended.
///
/// @param reason why it ended
/// @param step steps done
/// @param loss moving average of the training loss, NaN before the first step
/// @param evaluation the last evaluation of this process; empty when there was none
/// @param bestLoss lowest loss on held-out text, infinite when there was no evaluation
/// @param bestStep the step it was reached at, -1 when there was no evaluation
/// @param last folder of the last checkpoint
/// @param best folder of the best model; empty when none was kept
public record TrainingResult(
        Reason reason,
        long step,
        double loss,
        Optional<Evaluation> evaluation,
        double bestLoss,
        long bestStep,
        Path last,
        Optional<Path> best) {
    /// Why a run ends.
    public enum Reason {
        /// All steps are done.
        COMPLETED,
        /// The loss on held-out text has not improved for long enough.
        EARLY_STOP,
        /// It was asked to stop; it can be resumed.
        STOPPED
    }
}
