package io.chagres.cli;

import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingResult.Reason;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.util.function.LongFunction;

/// Training that ends by a certain time: whenever its [Pace] wants a new plan, the run is stopped
/// and goes on from its checkpoint with another number of steps.
final class PacedTraining {
    private final Pace pace;
    private final LongFunction<Recipe> recipe;
    private final TrainingView view;
    private final TrainingProcess process;

    /// A training.
    ///
    /// @param recipe the recipe for a number of steps
    PacedTraining(
            Pace pace, LongFunction<Recipe> recipe, TrainingView view, TrainingProcess process) {
        this.pace = pace;
        this.recipe = recipe;
        this.view = view;
        this.process = process;
    }

    /// Trains until the end, or until Ctrl-C.
    ///
    /// @param first whether it begins anew
    TrainingResult run(Trainer.Start first) throws IOException {
        TrainingResult result = part(first);
        while (result.reason() == Reason.STOPPED && !process.stopping()) {
            pace.plan(result.step());
            view.goesOn();
            result = part(Trainer.Start.RESUME);
        }
        return result;
    }

    private TrainingResult part(Trainer.Start start) throws IOException {
        Trainer trainer = new Trainer(recipe.apply(pace.planned()), view);
        view.unplanned(pace.isPlanned() ? null : pace::timeLeft);
        view.afterEachStep(step -> {
            if (pace.reached(step)) {
                trainer.requestStop();
            }
        });
        return process.train(trainer, start);
    }
}
