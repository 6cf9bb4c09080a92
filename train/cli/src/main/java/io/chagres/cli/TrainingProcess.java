package io.chagres.cli;

import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingResult.Reason;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A run under the command line: shown on a screen, and ended in order by Ctrl-C.
final class TrainingProcess {
    private final Screen screen;
    private final TrainingView view;
    private volatile @Nullable Trainer trainer;
    private volatile boolean stopping;

    /// A process.
    TrainingProcess(Screen screen, TrainingView view) {
        this.screen = screen;
        this.view = view;
    }

    /// Part of a run that may consist of several.
    @FunctionalInterface
    interface Work {
        /// Does it.
        TrainingResult run() throws IOException;
    }

    /// Whether Ctrl-C was pressed.
    boolean stopping() {
        return stopping;
    }

    /// Does some work, in parts by [#train], and says at its end how a run that was stopped can go
    /// on.
    ///
    /// @param folder the run's folder
    TrainingResult run(Path folder, Work work) throws IOException {
        return run("train --resume --output " + folder, work);
    }

    /// Does some work, as [#run(Path, Work)].
    ///
    /// @param goOn the command that goes on with what was stopped
    TrainingResult run(String goOn, Work work) throws IOException {
        try (var _ = new StopHook(this::stop)) {
            TrainingResult result = work.run();
            view.close();
            if (result.reason() == Reason.STOPPED) {
                screen.line(
                        Figures.format(
                                "Stopped at step %d, saved in %s. Go on with:%n" + "  ./chagres %s",
                                result.step(), result.last(), goOn));
            }
            return result;
        } finally {
            view.close();
        }
    }

    /// Trains until the end, or until Ctrl-C.
    TrainingResult train(Trainer part, Trainer.Start start) throws IOException {
        trainer = part;
        if (stopping) {
            part.requestStop();
        }
        return part.run(start);
    }

    /// Without a single step there is nothing to save.
    private boolean stop() {
        stopping = true;
        Trainer running = trainer;
        if (running == null || view.info() == null) {
            return false;
        }
        screen.line("Stopping: the step is finished and saved. Ctrl-C again does not wait for it.");
        view.ends();
        running.requestStop();
        return true;
    }
}
