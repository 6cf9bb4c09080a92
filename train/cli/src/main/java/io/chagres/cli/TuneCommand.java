package io.chagres.cli;

import io.chagres.tensor.io.Json;
import io.chagres.train.tune.Trial;
import io.chagres.train.tune.Tuner;
import io.chagres.train.tune.Tuner.Outcome;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Searches for the values of a recipe that train best.
@Command(
        name = "tune",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        modelTransformer = RecipeOptions.class,
        customSynopsis =
                "chagres tune --config=FILE [--resume] [--output=FOLDER] [--json] [--KEY=VALUE]...",
        description = {
            "Searches ranges of a recipe's values for the lowest held-out loss.",
            "",
            "tune.search names the keys and what to try for each: choice (a list), uniform or"
                    + " log_uniform (the least and the greatest). The recipe is for `train` or, with"
                    + " model.from and finetune, for `finetune`; its train.steps is the length of a"
                    + " whole run.%n",
            "Successive halving trains all trials on a share of that, goes on with the best third"
                    + " (tune.eta) from their checkpoints for three times the tokens, and so on."
                    + " Every trial has the learning rates of a whole run, so that the last one is"
                    + " the run of the best recipe, to the bit. Early rungs are therefore judged at"
                    + " high rates; with schedule: constant, fewer rungs or tune.method=random they"
                    + " are not.%n",
            "The output folder receives trials.jsonl, best.yaml (a recipe with the best values) and"
                    + " the trials' runs; only the best keeps its weights. Ctrl-C saves and ends;"
                    + " --resume with the same recipe goes on.%n"
        },
        footer = {
            "",
            "Example of a recipe:",
            "  data: {sources: books/}",
            "  train: {steps: 2000}",
            "  tune:",
            "    search:",
            "      train.learning_rate: {log_uniform: [1e-4, 1e-2]}",
            "      train.batch_size: {choice: [4, 8, 16]}",
            "    trials: 27",
            "    token_budget: 5000000",
            "  output: search"
        })
final class TuneCommand implements Callable<Integer> {
    private static final int FIRST = RecipeOptions.TOP_LEVEL_ORDER - 2;

    @Spec private CommandSpec spec;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            order = FIRST,
            description = "The recipe, a YAML file.")
    private @Nullable Path config;

    @Option(
            names = "--resume",
            order = FIRST + 1,
            description = "Go on with the search in the output folder.")
    private boolean resume;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        Map<String, String> flags = RecipeOptions.given(spec.commandLine().getParseResult());
        DeviceOption.check(spec, RecipeOptions.recipe(config, false, flags).device());
        PrintWriter out = spec.commandLine().getOut();
        Screen screen = Screen.of(json.wanted() ? spec.commandLine().getErr() : out);
        TuneView view = new TuneView(screen);
        Tuner tuner =
                new Tuner(
                        values -> {
                            Map<String, String> all = new LinkedHashMap<>(flags);
                            all.putAll(values);
                            return RecipeOptions.recipe(config, false, all);
                        },
                        view);
        Outcome outcome;
        try (var _ = new StopHook(() -> stop(tuner, screen))) {
            outcome = tuner.run(resume);
        } finally {
            screen.status("");
        }
        if (json.wanted()) {
            out.println(Json.line(toJson(outcome)));
            out.flush();
        } else {
            show(screen, outcome);
        }
        return outcome.complete() ? 0 : 1;
    }

    private static boolean stop(Tuner tuner, Screen screen) {
        screen.line("Stopping: the step is finished and saved. Ctrl-C again does not wait for it.");
        tuner.requestStop();
        return true;
    }

    private static void show(Screen screen, Outcome outcome) {
        if (!outcome.complete()) {
            screen.line("Stopped; go on with the same command and --resume.");
            return;
        }
        screen.line("");
        screen.line("The best first:");
        screen.line(TuneView.HEAD);
        for (Trial trial : outcome.trials()) {
            screen.line(TuneView.row(trial, Math.max(1, trial.results().size())));
        }
        screen.line("");
        screen.line("Best recipe: " + outcome.recipe() + ", whose run is in " + outcome.run());
    }

    private static Map<String, @Nullable Object> toJson(Outcome outcome) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        List<Trial> trials = outcome.trials();
        all.put("complete", outcome.complete());
        all.put("tokens", trials.stream().mapToLong(Trial::tokens).sum());
        all.put("failed", trials.stream().filter(Trial::failed).count());
        all.put("trials", trials.stream().map(Trial::toJson).toList());
        if (outcome.complete()) {
            all.put("recipe", String.valueOf(outcome.recipe()));
            all.put("run", String.valueOf(outcome.run()));
        }
        return all;
    }
}
