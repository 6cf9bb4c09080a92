package io.chagres.train.metrics;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Tokens per second and the time left, over a sliding window of steps.
///
/// The clock is handed in, so results depend on nothing else. Time between [#pause] and [#resume]
/// (evaluation, saving) does not count, neither as training time nor towards the time left. Not
/// safe for use by several threads.
public final class Progress {
    private record Mark(long nanos, long step, long tokens) {}

    private final LongSupplier clock;
    private final long totalSteps;
    private final int window;
    private final ArrayDeque<Mark> marks = new ArrayDeque<>();
    private long pausedNanos;
    private long pauseStart;
    private boolean paused;

    /// Starts the clock at a step.
    ///
    /// @param clock a monotonic clock in nanoseconds, such as `System::nanoTime`
    /// @param firstStep steps already done, 0 for a new run
    /// @param totalSteps steps of the whole run
    /// @param window number of latest updates to average over, at least 1
    public Progress(LongSupplier clock, long firstStep, long totalSteps, int window) {
        if (window < 1) {
            throw new IllegalArgumentException("window must be >= 1, got " + window);
        }
        this.clock = clock;
        this.totalSteps = totalSteps;
        this.window = window;
        marks.add(new Mark(clock.getAsLong(), firstStep, 0));
    }

    /// Notes that training has reached a step.
    ///
    /// @param step steps done so far
    /// @param tokens tokens processed since the last update
    public void update(long step, long tokens) {
        if (paused) {
            throw new IllegalStateException("update while paused: call resume first");
        }
        marks.add(new Mark(now(), step, marks.getLast().tokens() + tokens));
        while (marks.size() > window + 1) {
            marks.removeFirst();
        }
    }

    /// Stops counting time. A second call does nothing.
    public void pause() {
        if (!paused) {
            paused = true;
            pauseStart = clock.getAsLong();
        }
    }

    /// Goes on counting time. Does nothing when not paused.
    public void resume() {
        if (paused) {
            paused = false;
            pausedNanos += clock.getAsLong() - pauseStart;
        }
    }

    /// Tokens per second over the window, 0 before the first update.
    public double tokensPerSecond() {
        long nanos = span();
        long tokens = marks.getLast().tokens() - marks.getFirst().tokens();
        return nanos > 0 ? tokens * 1e9 / nanos : 0;
    }

    /// The time that the remaining steps need at the window's pace; empty before the first step.
    public Optional<Duration> timeLeft() {
        long steps = marks.getLast().step() - marks.getFirst().step();
        if (steps <= 0) {
            return Optional.empty();
        }
        double perStep = (double) span() / steps;
        long left = Math.max(0, totalSteps - marks.getLast().step());
        return Optional.of(Duration.ofNanos(Math.round(perStep * left)));
    }

    private long span() {
        return marks.getLast().nanos() - marks.getFirst().nanos();
    }

    private long now() {
        return clock.getAsLong() - pausedNanos;
    }
}
