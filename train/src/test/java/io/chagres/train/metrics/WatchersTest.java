package io.chagres.train.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class WatchersTest {
    private static EarlyStop run(EarlyStop state, double... losses) {
        for (int i = 0; i < losses.length; i++) {
            state = state.observe(10L * (i + 1), losses[i]);
        }
        return state;
    }

    @Test
    void earlyStopCountsEvaluationsSinceTheBest() {
        EarlyStop start = EarlyStop.start(2, 0);
        assertThat(start.improved()).isFalse();
        assertThat(start.shouldStop()).isFalse();
        EarlyStop state = run(start, 3, 2);
        assertThat(state.improved()).isTrue();
        assertThat(state.best()).isEqualTo(2);
        assertThat(state.bestStep()).isEqualTo(20);
        state = run(start, 3, 2, 2);
        assertThat(state.improved()).isFalse();
        assertThat(state.shouldStop()).isFalse();
        assertThat(run(start, 3, 2, 2, 2.5).shouldStop()).isTrue();
        assertThat(run(start, 3, 2, 2, 1.9, 2).shouldStop()).isFalse();
    }

    @Test
    void earlyStopNeedsMoreThanMinDelta() {
        assertThat(run(EarlyStop.start(1, 0.1), 3, 2.95).shouldStop()).isTrue();
        assertThat(run(EarlyStop.start(1, 0.1), 3, 2.8).shouldStop()).isFalse();
    }

    @Test
    void zeroPatienceNeverStopsAndNanNeverImproves() {
        assertThat(run(EarlyStop.start(0, 0), 1, 2, 3, 4).shouldStop()).isFalse();
        EarlyStop state = run(EarlyStop.start(2, 0), Double.NaN, Double.NaN);
        assertThat(state.improved()).isFalse();
        assertThat(state.shouldStop()).isTrue();
    }

    private static Overfitting run(Overfitting state, double[] train, double[] validation) {
        for (int i = 0; i < train.length; i++) {
            state = state.observe(train[i], validation[i]);
        }
        return state;
    }

    @Test
    void overfittingIsValidationUpWhileTrainingGoesDown() {
        Overfitting start = Overfitting.start(2, 0.01);
        double[] train = {3, 2, 1.8, 1.6};
        Overfitting seen = run(start, train, new double[] {3, 2.5, 2.6, 2.7});
        assertThat(seen.found()).isTrue();
        assertThat(seen.justFound()).isTrue();
        Overfitting later = seen.observe(1.5, 2.8);
        assertThat(later.found()).isTrue();
        assertThat(later.justFound()).as("reported once").isFalse();
        assertThat(later.observe(1.4, 2.4).found()).as("a new best clears it").isFalse();
    }

    @Test
    void otherCurvesAreNotOverfitting() {
        Overfitting start = Overfitting.start(2, 0.01);
        double[] falling = {3, 2, 1.8, 1.6};
        assertThat(run(start, falling, new double[] {3, 2.5, 2.4, 2.3}).found())
                .as("still improving")
                .isFalse();
        assertThat(run(start, falling, new double[] {3, 2.5, 2.51, 2.51}).found())
                .as("within the tolerance")
                .isFalse();
        assertThat(run(start, falling, new double[] {3, 2.7, 2.5, 2.8}).found())
                .as("too few evaluations")
                .isFalse();
        assertThat(
                        run(start, new double[] {3, 2, 2.2, 2.4}, new double[] {3, 2.5, 2.6, 2.7})
                                .found())
                .as("training rises too: divergence, not overfitting")
                .isFalse();
    }

    @Test
    void badParametersAreNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EarlyStop.start(-1, 0))
                .withMessageContaining("patience");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EarlyStop.start(1, Double.NaN))
                .withMessageContaining("minDelta");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Overfitting.start(0, 0))
                .withMessageContaining("evaluations");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Overfitting.start(1, -1))
                .withMessageContaining("tolerance");
    }
}
