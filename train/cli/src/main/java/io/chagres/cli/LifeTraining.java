package io.chagres.cli;

import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingResult.Reason;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.LongFunction;

/// The trainings of a stage: each begins, or goes on from what an earlier process left.
final class LifeTraining {
    private final Screen screen;
    private final String goOn;
    private final OnStop onStop;

    /// Trainings.
    ///
    /// @param goOn the command that goes on with a life
    /// @param onStop told when Ctrl-C ended one, before the process ends
    LifeTraining(Screen screen, String goOn, OnStop onStop) {
        this.screen = screen;
        this.goOn = goOn;
        this.onStop = onStop;
    }

    /// Told of a stop.
    @FunctionalInterface
    interface OnStop {
        /// It was stopped.
        void stopped() throws IOException;
    }

    /// Trains by a recipe.
    ///
    /// @return steps trained; empty when it was stopped
    OptionalLong run(Recipe recipe) throws IOException {
        TrainingView view = new TrainingView(screen, TrainingView.Saves.QUIET);
        TrainingProcess process = new TrainingProcess(screen, view);
        return run(process, () -> process.train(new Trainer(recipe, view), Trainer.Start.AUTO));
    }

    /// Trains for a time.
    ///
    /// @param folder where it saves
    /// @param recipe the recipe for a number of steps
    /// @return steps trained; empty when it was stopped
    OptionalLong run(Path folder, LongFunction<Recipe> recipe, Duration time) throws IOException {
        TrainingView view = new TrainingView(screen, TrainingView.Saves.QUIET);
        TrainingProcess process = new TrainingProcess(screen, view);
        if (Files.exists(folder)) {
            view.goesOn(); // with another number of steps
        }
        var paced = new PacedTraining(new Pace(System::nanoTime, time), recipe, view, process);
        return run(process, () -> paced.run(Trainer.Start.AUTO));
    }

    private OptionalLong run(TrainingProcess process, TrainingProcess.Work work)
            throws IOException {
        TrainingResult result =
                process.run(
                        goOn,
                        () -> {
                            TrainingResult ended = work.run();
                            if (ended.reason() == Reason.STOPPED) {
                                onStop.stopped();
                            }
                            return ended;
                        });
        return result.reason() == Reason.STOPPED
                ? OptionalLong.empty()
                : OptionalLong.of(result.step());
    }
}
