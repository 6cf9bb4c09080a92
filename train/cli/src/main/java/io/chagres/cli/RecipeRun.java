package io.chagres.cli;

import io.chagres.tensor.io.Json;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.recipe.ModelRecipe.ContinuedModel;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.UsualLength;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;

/// Trains by a recipe and shows it.
final class RecipeRun {
    private RecipeRun() {}

    /// Says where the length of sequences comes from, where it is the usual one of the model.
    private static void sayLength(Recipe recipe, Screen screen) {
        int length = recipe.data().sequenceLength();
        if (recipe.model() instanceof ContinuedModel(String from)) {
            UsualLength.of(Path.of(from))
                    .filter(usual -> usual.tokens() == length)
                    .ifPresent(usual ->
                            screen.line(
                                    Figures.format(
                                            "Length  sequences of %d tokens, %s",
                                            length, usual.why())));
        }
    }

    /// Runs it.
    ///
    /// @param asJson whether the result is printed as JSON
    static void run(CommandSpec spec, Recipe recipe, Trainer.Start how, boolean asJson)
            throws IOException {
        DeviceOption.check(spec, recipe.device());
        PrintWriter out = spec.commandLine().getOut();
        Screen screen = Screen.of(asJson ? spec.commandLine().getErr() : out);
        TrainingView view = new TrainingView(screen, TrainingView.Saves.SHOWN);
        TrainingProcess process = new TrainingProcess(screen, view);
        Trainer trainer = new Trainer(recipe, view);
        sayLength(recipe, screen);
        long start = System.nanoTime();
        TrainingResult result =
                process.run(Path.of(recipe.output()), () -> process.train(trainer, how));
        TrainingReport report = TrainingReport.of(result, view, start);
        if (asJson) {
            out.println(Json.line(report.toJson()));
            out.flush();
        } else {
            report.show(screen);
        }
    }
}
