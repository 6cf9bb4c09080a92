package io.chagres.cli;

import java.time.Duration;
import java.util.function.LongSupplier;

/// Decides how many steps a run gets that has to end by a certain time, on a machine of unknown
/// speed: it begins without a plan, and is asked after each step whether it is time for a new one.
///
/// The schedule of the learning rate needs to know the number of steps, so plans are few: the first
/// when the speed is known, others when it has turned out quite different, and one when the time is
/// up, if need be.
final class Pace {
    /// The number of steps as long as nothing is known.
    static final long UNPLANNED = 100_000;

    private static final int MOST_PLANS = 6;
    private static final double FIRST_PLAN_AT = 0.12;
    private static final double TOO_LATE = 1.06;
    private static final double TOO_EARLY = 0.85;

    private final LongSupplier clock;
    private final double endSeconds;
    private double startSeconds = Double.NaN;
    private double windowSeconds;
    private long windowStep;
    private long planned = UNPLANNED;
    private int plans;

    /// A pace.
    ///
    /// @param clock a monotonic clock in nanoseconds
    /// @param time from now to the end
    Pace(LongSupplier clock, Duration time) {
        this.clock = clock;
        this.endSeconds = now() + time.toNanos() * 1e-9;
    }

    private double now() {
        return clock.getAsLong() * 1e-9;
    }

    /// Whether there is a plan.
    boolean isPlanned() {
        return plans > 0;
    }

    /// Time left until the end.
    Duration timeLeft() {
        return Duration.ofMillis(Math.max(0, Math.round(1e3 * (endSeconds - now()))));
    }

    /// The steps of the plan.
    long planned() {
        return planned;
    }

    /// Notes that a number of steps is done.
    ///
    /// @return whether it is time for a new plan
    boolean reached(long step) {
        double now = now();
        if (Double.isNaN(startSeconds)) {
            startSeconds = now;
            restartWindow(now, step);
            return false;
        }
        if (step >= planned) {
            return false;
        }
        if (now >= endSeconds) {
            return true;
        }
        double length = endSeconds - startSeconds;
        return plans == 0 ? firstIsDue(now, step, length) : anotherIsDue(now, step, length);
    }

    private boolean firstIsDue(double now, long step, double length) {
        double part = (now - startSeconds) / length;
        if (part < FIRST_PLAN_AT / 2) {
            restartWindow(now, step); // what comes before is mostly spent on compiling
        }
        return part >= FIRST_PLAN_AT && step > windowStep;
    }

    private boolean anotherIsDue(double now, long step, double length) {
        double known = (now - windowSeconds) / length;
        if (plans >= MOST_PLANS || known < FIRST_PLAN_AT / 2) {
            return false;
        }
        double end = now + (planned - step) * secondsPerStep(now, step);
        double ratio = (end - startSeconds) / length;
        boolean due = ratio > TOO_LATE || ratio < TOO_EARLY;
        if (!due && known > FIRST_PLAN_AT) {
            restartWindow(now, step);
        }
        return due;
    }

    /// Makes a plan: as many steps as the time allows for.
    ///
    /// @param step steps done
    void plan(long step) {
        double now = now();
        double left = Math.max(0, endSeconds - now);
        planned = step + Math.max(1, (long) (left / secondsPerStep(now, step)));
        plans++;
        restartWindow(now, step);
    }

    private double secondsPerStep(double now, long step) {
        return (now - windowSeconds) / Math.max(1, step - windowStep);
    }

    private void restartWindow(double now, long step) {
        windowSeconds = now;
        windowStep = step;
    }
}
