package io.chagres.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PaceTest {
    private static final double REPLAN_SECONDS = 2;

    private long nanos = 12_345;
    private int plans;

    /// Runs to the end and gives the number of steps.
    private long run(Duration time, LongToDoubleFunction secondsOfStep) {
        Pace pace = new Pace(() -> nanos, time);
        long step = 0;
        while (step < pace.planned()) {
            step++;
            pass(secondsOfStep.applyAsDouble(step));
            if (pace.reached(step)) {
                pass(REPLAN_SECONDS);
                pace.plan(step);
                plans++;
            }
        }
        return step;
    }

    private void pass(double seconds) {
        nanos += (long) (seconds * 1e9);
    }

    private double secondsSince(long start) {
        return (nanos - start) * 1e-9;
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.004, 0.1, 0.7, 3, 20})
    void endsInTimeWhateverTheSpeed(double seconds) {
        long start = nanos;
        run(Duration.ofSeconds(150), step -> seconds);
        assertThat(secondsSince(start)).isBetween(125.0, 152 + 3 * seconds);
        assertThat(plans).isBetween(1, 6);
    }

    @Test
    void theFirstStepsAreSlow() {
        long start = nanos;
        long steps = run(Duration.ofSeconds(150), step -> 0.1 + 2.0 / step);
        assertThat(secondsSince(start)).isBetween(130.0, 160.0);
        assertThat(steps).isGreaterThan(1000);
    }

    @Test
    void aMachineThatBecomesSlowOrFastGetsAnotherPlan() {
        long start = nanos;
        run(Duration.ofSeconds(150), step -> step < 300 ? 0.1 : 0.5);
        assertThat(secondsSince(start)).isBetween(125.0, 160.0);
        assertThat(plans).isBetween(2, 6);
        start = nanos;
        run(Duration.ofSeconds(150), step -> step < 50 ? 0.5 : 0.05);
        assertThat(secondsSince(start)).isBetween(125.0, 160.0);
    }

    @Test
    void timeThatIsUpEndsIt() {
        long start = nanos;
        // each part of the run is slower than the one before, so every plan is wrong
        run(Duration.ofSeconds(150), step -> 0.05 * Math.pow(1.004, step));
        assertThat(secondsSince(start)).isLessThan(165);
    }

    @Test
    void thereIsNoPlanBeforeTheSpeedIsKnown() {
        Pace pace = new Pace(() -> nanos, Duration.ofSeconds(100));
        assertThat(pace.isPlanned()).isFalse();
        assertThat(pace.planned()).isEqualTo(Pace.UNPLANNED);
        pass(10);
        assertThat(pace.timeLeft()).isEqualTo(Duration.ofSeconds(90));
        assertThat(pace.reached(1)).isFalse();
        pace.plan(1);
        assertThat(pace.isPlanned()).isTrue();
    }
}
