package io.chagres.train.loop;

import io.chagres.nn.prune.SparsityReport;
import io.chagres.train.eval.Evaluation;
import java.nio.file.Path;

/// Told what a [Trainer] does, on the thread that trains. Does nothing unless overridden; what a
/// method throws ends the run.
public interface TrainingListener {
    /// What happens before the first step.
    enum Phase {
        /// The tokenizer is trained on the corpus.
        TOKENIZER,
        /// The corpus is turned into tokens, or those of an earlier run are found.
        DATA,
        /// The model is created or loaded.
        MODEL
    }

    /// A listener that does nothing.
    TrainingListener NONE = new TrainingListener() {};

    /// Preparations are under way.
    ///
    /// @param done how much is done, 0 at the start of a phase
    /// @param total of how much, -1 when unknown
    default void preparing(Phase phase, long done, long total) {}

    /// All is ready for the first step.
    default void started(RunInfo info) {}

    /// A step is done.
    default void step(StepMetrics metrics) {}

    /// Held-out text was evaluated; at step 0 with the model as it was before training.
    default void evaluated(long step, Evaluation evaluation) {}

    /// A sample text was generated.
    ///
    /// @param prompt what it begins with, may be empty
    /// @param text what the model made of it, without the prompt
    default void sampled(long step, String prompt, String text) {}

    /// Weights were pruned.
    ///
    /// @param step steps done
    /// @param last whether no more will be
    default void pruned(long step, SparsityReport report, boolean last) {}

    /// A checkpoint is on the disk.
    default void saved(long step, Path folder) {}

    /// Something is amiss, but training goes on.
    default void warned(String message) {}

    /// The run has ended without an error.
    default void finished(TrainingResult result) {}
}
