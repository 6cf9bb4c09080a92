package io.chagres.tests.training;

import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.RunInfo;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/// A JVM that trains by a recipe and prints a line per event, to be killed by [KillTest].
public final class TrainerProcess {
    private TrainerProcess() {}

    /// Trains, going on from a checkpoint where there is one.
    ///
    /// @param args the recipe's file
    public static void main(String[] args) throws IOException {
        Recipe recipe = Recipe.load(Path.of(args[0]), Map.of());
        TrainingListener printer =
                new TrainingListener() {
                    @Override
                    public void started(RunInfo info) {
                        say("started " + info.firstStep());
                    }

                    @Override
                    public void step(StepMetrics metrics) {
                        say("step " + metrics.step());
                    }

                    @Override
                    public void evaluated(long step, Evaluation evaluation) {
                        say("evaluated " + step);
                    }

                    @Override
                    public void saved(long step, Path folder) {
                        say("saved " + step);
                    }

                    @Override
                    public void finished(TrainingResult result) {
                        say("finished " + result.step());
                    }
                };
        new Trainer(recipe, printer).run(Trainer.Start.AUTO);
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
