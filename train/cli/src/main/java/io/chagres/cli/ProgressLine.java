package io.chagres.cli;

import io.chagres.train.loop.StepMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The figures of a training step in one line.
///
/// @param metrics the figures
/// @param totalSteps steps in all, 0 when unknown
/// @param timeLeft time they need, empty when unknown
record ProgressLine(StepMetrics metrics, long totalSteps, Optional<Duration> timeLeft) {
    private static final int LONGEST_BAR = 30;
    private static final int SHORTEST_BAR = 8;

    /// The line of a step.
    static ProgressLine of(StepMetrics metrics) {
        return new ProgressLine(metrics, metrics.totalSteps(), metrics.timeLeft());
    }

    /// Figures only, as for a log.
    String plain() {
        return "step " + steps() + "  " + String.join("  ", figures());
    }

    /// Figures behind a bar, as for a terminal. Where they do not fit, the last are left out.
    ///
    /// @param width characters in a line
    String bar(int width, boolean unicode) {
        if (totalSteps == 0) {
            return plain();
        }
        double part = (double) metrics.step() / totalSteps;
        String percent = Figures.format("%3.0f%% ", Math.floor(100 * part));
        List<String> shown = Stream.concat(Stream.of(steps()), figures().stream()).toList();
        int room = width - 1 - percent.length();
        String text = "";
        for (int n = shown.size(); n > 0; n--) {
            text = shown.stream().limit(n).collect(Collectors.joining("  ", "  ", ""));
            if (text.length() + SHORTEST_BAR <= room) {
                break;
            }
        }
        int length = Math.clamp(room - text.length(), 0, LONGEST_BAR);
        int done = (int) Math.floor(part * length);
        return percent
                + (unicode ? "━" : "#").repeat(done)
                + (unicode ? "─" : ".").repeat(length - done)
                + text;
    }

    private String steps() {
        return totalSteps == 0 ? Long.toString(metrics.step()) : metrics.step() + "/" + totalSteps;
    }

    private List<String> figures() {
        return List.of(
                Figures.format("loss %.3f", metrics.averageLoss()),
                Figures.format("lr %.1e", metrics.learningRate()),
                Figures.format("%,.0f tok/s", metrics.tokensPerSecond()),
                timeLeft.map(Figures::time).orElse("-:--") + " left",
                "peak " + Figures.bytes(metrics.peakBytes()));
    }
}
