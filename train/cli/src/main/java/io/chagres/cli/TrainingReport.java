package io.chagres.cli;

import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.RunInfo;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.metrics.Losses;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a run came to.
///
/// @param result how it ended
/// @param view what was seen of it
/// @param seconds how long it took
record TrainingReport(TrainingResult result, TrainingView view, double seconds) {

    /// The report of a run that has just ended.
    ///
    /// @param startNanos what [System#nanoTime] said at its beginning
    static TrainingReport of(TrainingResult result, TrainingView view, long startNanos) {
        return new TrainingReport(result, view, (System.nanoTime() - startNanos) * 1e-9);
    }

    /// How long it took, for people.
    String time() {
        return Figures.time(Duration.ofMillis(Math.round(seconds * 1e3)));
    }

    /// Everything, by name.
    Map<String, @Nullable Object> toJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("reason", TrainingView.name(result.reason()));
        json.put("steps", result.step());
        json.put("loss", result.loss());
        Evaluation before = view.before();
        if (before != null) {
            figures(before, "_before", json);
        }
        result.evaluation().ifPresent(e -> figures(e, "", json));
        if (result.bestStep() >= 0) {
            json.put("best_validation_loss", result.bestLoss());
            json.put("best_step", result.bestStep());
        }
        RunInfo info = view.info();
        if (info != null) {
            json.put("parameters", info.parameters());
            json.put("trained_parameters", info.trained());
        }
        StepMetrics latest = view.latest();
        if (latest != null) {
            json.put("tokens", latest.tokens());
            json.put("tokens_per_second", latest.tokensPerSecond());
            json.put("peak_bytes", latest.peakBytes());
        }
        json.put("seconds", seconds);
        json.put("last", result.last().toString());
        json.put("best", result.best().map(Object::toString).orElse(null));
        return json;
    }

    private static void figures(Evaluation e, String when, Map<String, @Nullable Object> json) {
        Evaluation.Preferences preferences = e.preferences();
        if (preferences != null) {
            json.put("validation_reward_margin" + when, preferences.margin());
            json.put("validation_reward_accuracy" + when, preferences.accuracy());
        } else {
            json.put("validation_perplexity" + when, e.perplexity());
        }
        if (when.isEmpty()) {
            json.put("validation_loss", e.loss());
            if (preferences == null) {
                json.put("bits_per_byte", e.bitsPerByte());
            }
        }
    }

    /// Whether held-out losses are those of tokens.
    private boolean predictsTokens() {
        return result.evaluation().map(e -> e.preferences() == null).orElse(true);
    }

    /// Says it.
    void show(Screen screen) {
        String why =
                switch (result.reason()) {
                    case COMPLETED -> "";
                    case EARLY_STOP -> " (held-out text got no better)";
                    case STOPPED -> " (stopped)";
                };
        screen.line(
                Figures.format(
                        "Trained to step %d%s in %s; training loss %.4f.",
                        result.step(), why, time(), result.loss()));
        if (result.bestStep() >= 0) {
            screen.line(
                    predictsTokens()
                            ? Figures.format(
                                    "Best on held-out text: loss %.4f, perplexity %.1f, at step %d.",
                                    result.bestLoss(),
                                    Losses.perplexity(result.bestLoss()),
                                    result.bestStep())
                            : Figures.format(
                                    "Best on held-out pairs: loss %.4f, at step %d.",
                                    result.bestLoss(), result.bestStep()));
        }
        screen.line("Checkpoint: " + result.last());
        result.best().ifPresent(best -> screen.line("Best model: " + best));
    }
}
