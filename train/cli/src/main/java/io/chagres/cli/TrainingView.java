package io.chagres.cli;

import io.chagres.nn.prune.SparsityReport;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.RunInfo;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.TrainingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Shows how a run comes along: on a terminal by a bar, elsewhere by a line now and then; and keeps
/// the picture of the loss curves up to date.
final class TrainingView implements TrainingListener {
    private static final long BAR_NANOS = TimeUnit.MILLISECONDS.toNanos(150);
    private static final long LINE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final double SPARSITY_SHOWN = 0.05;

    private final Screen screen;
    private final boolean unicode = Screen.unicode();
    private final Saves saves;
    private LongConsumer afterStep = step -> {};
    private @Nullable Supplier<Duration> timeLeft;
    private boolean replanning;
    private double shownSparsity = -1;
    private @Nullable Evaluation before;
    private @Nullable Phase phase;
    private @Nullable StepMetrics shown;
    private @Nullable StepMetrics latest;
    private @Nullable RunInfo info;
    private long nextNanos = System.nanoTime();
    private volatile boolean drawing = true;
    private volatile boolean drawn;

    /// Whether checkpoints are worth a line.
    enum Saves {
        /// They are.
        SHOWN,
        /// They are not.
        QUIET
    }

    /// A view.
    TrainingView(Screen screen, Saves saves) {
        this.screen = screen;
        this.saves = saves;
    }

    /// Has something done after each step, which is handed over.
    void afterEachStep(LongConsumer action) {
        afterStep = action;
    }

    /// Says how long it will still take, until it is known how many steps there are.
    ///
    /// @param left the time left; null when the number of steps is known
    void unplanned(@Nullable Supplier<Duration> left) {
        timeLeft = left;
    }

    /// The process is about to end, when graphics cannot be set up any more.
    void ends() {
        drawing = drawn;
    }

    /// The run is about to go on with another plan, which is nothing to talk about.
    void goesOn() {
        replanning = true;
    }

    /// The evaluation before training; null when there was none.
    @Nullable Evaluation before() {
        return before;
    }

    /// Figures of the last step; null before the first.
    @Nullable StepMetrics latest() {
        return latest;
    }

    /// What is trained; null before it is known.
    @Nullable RunInfo info() {
        return info;
    }

    @Override
    public void preparing(Phase now, long done, long total) {
        if (info != null) {
            return; // the run only goes on
        }
        String what =
                switch (now) {
                    case TOKENIZER -> "Training the tokenizer";
                    case DATA -> "Turning the text into tokens";
                    case MODEL -> "Preparing the model";
                };
        if (!screen.live()) {
            if (now != phase) {
                screen.line(what + " ...");
            }
        } else if (now != phase || System.nanoTime() >= nextNanos) {
            nextNanos = System.nanoTime() + BAR_NANOS;
            String part = total > 0 ? Figures.format(" %3d%%", 100 * done / total) : "";
            screen.status(what + " ..." + part);
        }
        phase = now;
    }

    @Override
    public void started(RunInfo run) {
        boolean first = info == null;
        info = run;
        replanning = false;
        if (first) {
            TransformerConfig c = run.config();
            screen.line(
                    Figures.format(
                            "Model   %s, %s parameters: %d layers, hidden size %d, %d heads,"
                                    + " %,d tokens",
                            c.architecture(),
                            Figures.count(run.parameters()),
                            c.numLayers(),
                            c.hiddenSize(),
                            c.numHeads(),
                            c.vocabSize()));
            if (run.trained() < run.parameters()) {
                screen.line(
                        Figures.format(
                                "Trained %s of them, %.2f %%",
                                Figures.count(run.trained()),
                                100.0 * run.trained() / run.parameters()));
            }
            screen.line(
                    Figures.format(
                            "Text    %s tokens to train on, %s held out; %,d in a step",
                            Figures.count(run.trainTokens()),
                            Figures.count(run.heldOutTokens()),
                            run.tokensPerStep()));
            screen.line("Device  " + run.device().replaceFirst(";.*", ""));
            screen.line(
                    "Output  "
                            + run.output()
                            + (run.firstStep() > 0
                                    ? Figures.format(", going on from step %d", run.firstStep())
                                    : ""));
        }
        screen.status("");
    }

    @Override
    public void step(StepMetrics metrics) {
        latest = metrics;
        show(metrics);
        afterStep.accept(metrics.step());
    }

    private void show(StepMetrics metrics) {
        long now = System.nanoTime();
        boolean last = metrics.step() == metrics.totalSteps();
        if (shown != null && now < nextNanos && !last) {
            return;
        }
        shown = metrics;
        nextNanos = now + (screen.live() ? BAR_NANOS : LINE_NANOS);
        ProgressLine line = ProgressLine.of(metrics);
        if (timeLeft != null) {
            line = new ProgressLine(metrics, 0, Optional.of(timeLeft.get()));
        }
        if (screen.live()) {
            screen.status(line.bar(screen.width(), unicode));
        } else {
            screen.line(line.plain());
        }
    }

    @Override
    public void evaluated(long step, Evaluation evaluation) {
        if (step == 0) {
            before = evaluation;
        }
        String domains =
                evaluation.domains().size() < 2
                        ? ""
                        : evaluation.domains().entrySet().stream()
                                .map(e ->
                                        Figures.format("%s %.4f", e.getKey(), e.getValue().loss()))
                                .collect(Collectors.joining(", ", " (", ")"));
        Evaluation.Preferences preferences = evaluation.preferences();
        String more =
                preferences == null
                        ? Figures.format(
                                "perplexity %.1f, %.3f bits per byte",
                                evaluation.perplexity(), evaluation.bitsPerByte())
                        : Figures.format(
                                "margin %.4f, the chosen answer ahead in %.1f %%",
                                preferences.margin(), 100 * preferences.accuracy());
        screen.line(
                Figures.format(
                        "step %d: held-out loss %.4f%s, %s",
                        step, evaluation.loss(), domains, more));
    }

    @Override
    public void sampled(long step, String prompt, String text) {
        screen.line(Figures.format("step %d: it writes \"%s\"", step, oneLine(prompt + text)));
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " / ");
    }

    /// Shows the first pruning, the last, and those between that took some more out.
    @Override
    public void pruned(long step, SparsityReport report, boolean last) {
        if (!last && report.sparsity() < shownSparsity + SPARSITY_SHOWN) {
            return;
        }
        shownSparsity = report.sparsity();
        screen.line(
                Figures.format(
                        "step %d: pruned to %.1f %% zeros, %.1f to %.1f %% in a layer",
                        step, 100 * report.sparsity(), 100 * report.least(), 100 * report.most()));
    }

    @Override
    public void saved(long step, Path checkpoint) {
        if (info == null || checkpoint.endsWith("best")) {
            return;
        }
        if (saves == Saves.SHOWN) {
            screen.line(Figures.format("step %d: saved %s", step, checkpoint));
        }
        if (drawing && latest != null) {
            draw(info.output());
        }
    }

    /// A picture is no reason to end a run: some systems have no fonts, for example, which shows as
    /// an error that is no exception.
    private void draw(Path run) {
        try {
            LossPlot.draw(run);
            drawn = true;
        } catch (IOException | RuntimeException | LinkageError e) {
            drawing = false;
            warned(LossPlot.FILE_NAME + " cannot be drawn here: " + e);
        }
    }

    @Override
    public void warned(String message) {
        if (!replanning) {
            screen.line("warning: " + message);
        }
    }

    /// Takes the bar away.
    void close() {
        screen.status("");
    }

    /// A name of an enum's constant for people and programs.
    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
