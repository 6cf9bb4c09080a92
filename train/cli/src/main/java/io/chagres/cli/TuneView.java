package io.chagres.cli;

import io.chagres.train.loop.StepMetrics;
import io.chagres.train.tune.Rungs;
import io.chagres.train.tune.Trial;
import io.chagres.train.tune.TuneListener;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Shows a search as a table that grows by a row for each trial at the end of each rung; below it,
/// on a terminal, the trial under way.
final class TuneView implements TuneListener {
    /// The names of the columns of [#row].
    static final String HEAD =
            Figures.format(
                    "%6s %5s %8s %12s %9s  %s",
                    "trial", "rung", "steps", "tokens", "loss", "values");

    private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(150);

    private final Screen screen;
    private long nextNanos = System.nanoTime();
    private double lowest = Double.POSITIVE_INFINITY;

    TuneView(Screen screen) {
        this.screen = screen;
    }

    @Override
    public void planned(Rungs rungs, int trials) {
        screen.line(
                Figures.format(
                        "%,d trials, at most %,d tokens in all: %s",
                        trials,
                        rungs.tokens(),
                        rungs.all().stream()
                                .map(r -> Figures.format("%d to %,d", r.trials(), r.tokens()))
                                .collect(Collectors.joining(", then "))));
        screen.line(HEAD);
    }

    @Override
    public void rung(int rung, int trials) {
        lowest = Double.POSITIVE_INFINITY;
    }

    @Override
    public void step(Trial trial, int rung, StepMetrics metrics, long target) {
        if (System.nanoTime() < nextNanos) {
            return;
        }
        nextNanos = System.nanoTime() + NANOS;
        screen.status(
                Figures.format(
                        "%6d %5d %,d/%,d  loss %.4f  %,.0f tokens/s",
                        trial.number(),
                        rung + 1,
                        metrics.step(),
                        target,
                        metrics.averageLoss(),
                        metrics.tokensPerSecond()));
    }

    @Override
    public void finished(Trial trial, int rung) {
        screen.status("");
        boolean best = !trial.failed() && trial.loss() < lowest;
        lowest = best ? trial.loss() : lowest;
        screen.line(row(trial, rung + 1) + (best ? "  *" : ""));
    }

    @Override
    public void warned(Trial trial, String message) {
        screen.line("warning: trial " + trial.number() + ": " + message);
    }

    /// A trial as a row of a table.
    ///
    /// @param rung counted from 1
    static String row(Trial trial, int rung) {
        String values =
                trial.values().entrySet().stream()
                        .map(e -> e.getKey() + "=" + e.getValue())
                        .collect(Collectors.joining(" "));
        String error = trial.error();
        if (error != null) {
            return Figures.format(
                    "%6d %5d %8s %12s %9s  %s: %s",
                    trial.number(), rung, "", "", "failed", values, error);
        }
        return Figures.format(
                "%6d %5d %,8d %,12d %9.4f  %s",
                trial.number(),
                rung,
                trial.results().isEmpty() ? 0 : trial.results().getLast().step(),
                trial.tokens(),
                trial.loss(),
                values);
    }
}
