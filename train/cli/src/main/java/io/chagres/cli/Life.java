package io.chagres.cli;

import io.chagres.nn.quantize.Calibration;
import io.chagres.nn.quantize.Quantization;
import io.chagres.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/// The whole life of a model, stage by stage. Each stage leaves a model in a folder of its own, and
/// is skipped where that is there already.
final class Life {
    private static final Duration AROUND_TRAINING = Duration.ofSeconds(12);
    private static final double NEURONS_OUT = 0.25;
    private static final double SPARSITY = 0.3;
    private static final int SHORT = 4;
    private static final String BASE = "base";
    private static final String TUNED = "tuned";
    private static final String STUDENT = "student";
    private static final String NARROW = "narrow";
    private static final String SPARSE = "sparse";
    private static final String INT8 = "int8";
    private static final String LAST = "last";

    private final LifeSettings settings;
    private final LifeRecipes recipes;
    private final Screen screen;
    private final String goOn;
    private final LifeLog log;

    /// A life.
    ///
    /// @param goOn the command that goes on with it
    Life(LifeSettings settings, Screen screen, String goOn) throws IOException {
        this.settings = settings;
        this.screen = screen;
        this.goOn = goOn;
        recipes = new LifeRecipes(settings);
        log = LifeLog.open(settings);
    }

    /// All stages, in order.
    List<LifeStage> stages() {
        Path tuned = settings.folder(TUNED).resolve("model");
        Path small = settings.folder(INT8).resolve("model");
        return List.of(
                new LifeStage(BASE, "train a new model", last(BASE), this::base),
                new LifeStage(
                        TUNED,
                        "tune it to the domain by LoRA, and merge that",
                        tuned,
                        t -> tuned(t, tuned)),
                new LifeStage(
                        STUDENT,
                        "distil it into a student of a quarter of the size",
                        last(STUDENT),
                        t -> t.run(recipes.student(STUDENT, tuned, steps()))),
                new LifeStage(
                        NARROW,
                        "take a quarter of the neurons out, and recover",
                        last(NARROW),
                        this::narrow),
                new LifeStage(
                        SPARSE,
                        "prune 30 % of the weights of the layers, and recover",
                        last(SPARSE),
                        t -> t.run(recipes.pruning(SPARSE, last(NARROW), shortSteps(), SPARSITY))),
                new LifeStage(INT8, "make weights of 8 bits", small, _ -> int8(small)));
    }

    /// Lives it, from where it is to its end.
    ///
    /// @return whether the end was reached; else it was stopped
    boolean run() throws IOException {
        List<LifeStage> stages = stages();
        requireWhole(stages);
        for (int i = 0; i < stages.size(); i++) {
            LifeStage stage = stages.get(i);
            String head = Figures.format("%d/%d %s: ", i + 1, stages.size(), stage.name());
            if (log.row(stage.name()).isPresent()) {
                screen.line(head + "is there already");
                continue;
            }
            screen.line("");
            screen.line(head + stage.title());
            if (!run(stage)) {
                return false;
            }
        }
        return true;
    }

    /// Refuses to go on with a life from which something is gone.
    private void requireWhole(List<LifeStage> stages) {
        for (LifeStage stage : stages) {
            if (log.row(stage.name()).isPresent() && !Files.isDirectory(stage.model())) {
                throw new IllegalArgumentException(
                        "%s is gone, of which %s knows; take another --output"
                                .formatted(stage.model(), LifeLog.FILE));
            }
        }
    }

    private boolean run(LifeStage stage) throws IOException {
        long start = System.nanoTime();
        double before = log.spent(stage.name());
        var training =
                new LifeTraining(
                        screen, goOn, () -> log.stopped(stage.name(), before + since(start)));
        OptionalLong steps = stage.work().run(training);
        if (steps.isEmpty()) {
            return false;
        }
        double seconds = before + since(start);
        LifeRow row = new LifeMeasure(settings).of(stage, steps.getAsLong(), seconds, screen);
        log.finished(row);
        screen.line(
                Figures.format(
                        "%s: perplexity %.2f, of the domain %.2f",
                        stage.name(), row.perplexity(), row.domainPerplexity()));
        return true;
    }

    private static double since(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }

    /// The finished stages.
    List<LifeRow> rows() {
        return log.rows();
    }

    /// The table: a column per stage.
    List<String> table() {
        return EvalTable.lines(
                rows().stream().map(row -> Path.of(row.stage())).toList(),
                rows().stream().map(LifeRow::measured).toList());
    }

    private OptionalLong base(LifeTraining training) throws IOException {
        Long fixed = settings.steps();
        return fixed != null
                ? training.run(recipes.base(BASE, fixed))
                : training.run(
                        settings.folder(BASE),
                        n -> recipes.base(BASE, n),
                        Duration.ofMillis(Math.round(settings.minutes() * 60_000))
                                .minus(AROUND_TRAINING));
    }

    private OptionalLong tuned(LifeTraining training, Path merged) throws IOException {
        OptionalLong steps = training.run(recipes.adapter(TUNED, last(BASE), shortSteps()));
        if (steps.isPresent() && !Files.exists(merged)) {
            MergeCommand.merge(
                    last(BASE), last(TUNED), merged, MergeCommand.Stored.auto, settings.device());
        }
        return steps;
    }

    private OptionalLong narrow(LifeTraining training) throws IOException {
        Path cut = settings.folder(NARROW).resolve("cut");
        if (!Files.exists(cut)) {
            screen.status("Looking for neurons that matter little ...");
            new LifeNarrowing(recipes.both(), NEURONS_OUT, settings.device(), settings.threads())
                    .write(last(STUDENT), cut);
        }
        return training.run(recipes.recovery(NARROW, cut, shortSteps()));
    }

    private OptionalLong int8(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            var how = new Quantization(false, 0, new Calibration.Absmax(), 0, List.of());
            try (EvalModel source =
                    new EvalModel(
                            last(SPARSE), null, settings.device(), settings.threads(), DType.F32)) {
                QuantizeCommand.quantize(source, how, null, folder, screen);
            }
        }
        return OptionalLong.of(0);
    }

    private Path last(String stage) {
        return settings.folder(stage).resolve(LAST);
    }

    /// The steps that the first training had, which decide on those of the others.
    private long steps() {
        return log.row(BASE).orElseThrow().steps();
    }

    private long shortSteps() {
        return Math.max(2, steps() / SHORT);
    }
}
