package io.chagres.cli;

import io.chagres.nn.generate.LanguageModel;
import io.chagres.nn.generate.SamplingOptions;
import io.chagres.tensor.io.Json;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingResult.Reason;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

/// From nothing to a model that writes, in a few minutes.
@Command(
        name = "quickstart",
        mixinStandardHelpOptions = true,
        description = {
            "Trains a small language model on WordNet and lets it write.",
            "",
            "It learns from the 117,791 definitions of WordNet, an English dictionary; then it"
                    + " writes definitions of its own. Needs nothing but this program, and takes"
                    + " about three minutes."
        })
final class QuickstartCommand implements Callable<Integer> {
    private static final String FOLDER = "quickstart";
    private static final Duration AFTER_TRAINING = Duration.ofSeconds(12);
    private static final int DEFINITION_TOKENS = 48;
    private static final double TEMPERATURE = 0.5;
    private static final double TOP_P = 0.9;
    private static final List<String> WORDS =
            List.of(
                    "oak tree (noun)",
                    "water bird (noun)",
                    "kindness (noun)",
                    "small town (noun)",
                    "American painter (noun)",
                    "soften (verb)",
                    "unhappy (adjective)",
                    "slowly (adverb)");

    @Spec private CommandSpec spec;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FOLDER",
            description =
                    "Folder for the model. Default: " + FOLDER + ", with a number where it exists.")
    private @Nullable Path output;

    @Option(
            names = "--minutes",
            paramLabel = "M",
            defaultValue = "3",
            description =
                    "How long it may take in all, or the first training of --full. Default:"
                            + " ${DEFAULT-VALUE}.")
    private double minutes;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description =
                    "Train for this many steps, however long they take. Later trainings of --full"
                            + " have as many, or a quarter.")
    private @Nullable Long steps;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "42",
            description =
                    "Initial weights and order of the text; with --steps, it decides every bit of"
                            + " the result. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Mixin private ThreadsOption threads;

    @Mixin private LifeOptions life;

    @Mixin private DeviceOption device;

    @Mixin private JsonOption json;

    @Override
    public Integer call() throws IOException {
        Options.check(
                spec,
                minutes > 0 && minutes <= 1e6,
                "--minutes",
                "must be above 0, got " + minutes);
        Options.check(spec, steps == null || steps >= 1, "--steps", "must be at least 1");
        life.check(spec);
        String on = device.choose();
        if (life.wanted()) {
            return live(on);
        }
        PrintWriter out = spec.commandLine().getOut();
        Screen screen = Screen.of(json.wanted() ? spec.commandLine().getErr() : out);
        long start = System.nanoTime();
        Duration time = Duration.ofMillis(Math.round(minutes * 60_000)).minus(AFTER_TRAINING);
        Path folder = output != null ? output : freshFolder();
        screen.line(
                "A small language model learns English definitions from WordNet"
                        + (steps == null
                                ? ", within " + Figures.plain(minutes) + " minutes."
                                : "."));
        TrainingView view = new TrainingView(screen, TrainingView.Saves.QUIET);
        TrainingProcess process = new TrainingProcess(screen, view);
        Long fixed = steps;
        TrainingProcess.Work work =
                fixed != null
                        ? () ->
                                process.train(
                                        new Trainer(recipe(folder, on, fixed), view),
                                        Trainer.Start.NEW)
                        : () ->
                                new PacedTraining(
                                                new Pace(System::nanoTime, time),
                                                n -> recipe(folder, on, n),
                                                view,
                                                process)
                                        .run(Trainer.Start.NEW);
        TrainingResult result = process.run(folder, work);
        if (result.reason() == Reason.STOPPED) {
            return 1;
        }
        TrainingReport report = TrainingReport.of(result, view, start);
        show(screen, report);
        Map<String, String> definitions = write(screen, on, result.last());
        if (json.wanted()) {
            Map<String, @Nullable Object> all = report.toJson();
            all.put("definitions", definitions);
            out.println(Json.line(all));
            out.flush();
        } else {
            suggest(screen, result.last());
        }
        return 0;
    }

    private static Path freshFolder() {
        Path folder = Path.of(FOLDER);
        for (int n = 2; Files.exists(folder); n++) {
            folder = Path.of(FOLDER + "-" + n);
        }
        return folder;
    }

    private Recipe recipe(Path folder, String on, long total) {
        return Recipe.of(
                new QuickRecipe(seed, on, threads.count())
                        .model(folder, total, WORDS.getFirst() + ":"));
    }

    /// The whole life of a model.
    private int live(String on) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Screen screen = Screen.of(json.wanted() ? spec.commandLine().getErr() : out);
        LifeSettings settings = life.settings(output, minutes, steps, seed, on, threads.count());
        List<String> given = spec.root().commandLine().getParseResult().originalArgs();
        Life lived = new Life(settings, screen, String.join(" ", given));
        screen.line("The life of a small language model, in " + settings.folder());
        boolean whole = lived.run();
        if (!whole) {
            return 1;
        }
        LifeStage end = lived.stages().getLast();
        if (json.wanted()) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("folder", settings.folder().toString());
            all.put("stages", lived.rows().stream().map(LifeRow::toJson).toList());
            all.put("model", end.model().toString());
            out.println(Json.line(all));
            out.flush();
        } else {
            screen.line("");
            lived.table().forEach(screen::line);
            screen.line("");
            screen.line("Perplexity is that on text which nothing was trained on. Next:");
            screen.line(
                    "  ./chagres generate "
                            + end.model()
                            + " 'oak tree (noun):' --temperature 0.5");
            screen.line("  ./chagres eval " + end.model());
        }
        return 0;
    }

    private static void show(Screen screen, TrainingReport report) {
        Evaluation before = report.view().before();
        Evaluation after = report.result().evaluation().orElse(null);
        String perplexity =
                before == null || after == null
                        ? ""
                        : Figures.format(
                                " Perplexity on definitions it has never seen: %,.1f before, %,.1f"
                                        + " after.",
                                before.perplexity(), after.perplexity());
        screen.line("");
        screen.line(
                Figures.format(
                        "%,d steps in %s.%s", report.result().step(), report.time(), perplexity));
    }

    /// Writes definitions, and shows each as it comes.
    private Map<String, String> write(Screen screen, String on, Path model) throws IOException {
        screen.line("");
        screen.line("Definitions it writes:");
        Map<String, String> definitions = new LinkedHashMap<>();
        var load = new LanguageModel.Options(on, threads.count(), 0, Long.MAX_VALUE);
        try (LanguageModel loaded = LanguageModel.load(model, load)) {
            for (String word : WORDS) {
                var sampling =
                        new SamplingOptions(
                                TEMPERATURE,
                                0,
                                TOP_P,
                                0,
                                1,
                                seed + definitions.size(),
                                DEFINITION_TOKENS,
                                List.of("\n"),
                                false);
                String text = loaded.generate(word + ":", sampling).text();
                definitions.put(word, text.strip());
                screen.line("  " + word + ":" + text);
            }
        }
        return definitions;
    }

    private static void suggest(Screen screen, Path model) {
        screen.line("");
        screen.line("The model is in " + model + ", in Hugging Face's format. Next:");
        screen.line("  ./chagres generate " + model + " 'apple tree (noun):' --temperature 0.5");
        screen.line("  ./chagres eval " + model);
        screen.line("  ./chagres train --data.sources=FOLDER_OF_TEXTS --output=my-model");
        screen.line("  ./chagres train --help");
    }
}
