package io.chagres.train.schedule;

import static io.chagres.train.schedule.LearningRate.Decay.CONSTANT;
import static io.chagres.train.schedule.LearningRate.Decay.COSINE;
import static io.chagres.train.schedule.LearningRate.Decay.LINEAR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Expected values are the formulas of the Hugging Face schedules, worked out by hand.
class LearningRateTest {
    private static double[] values(LearningRate schedule, long steps) {
        return LongStream.range(0, steps).mapToDouble(schedule::at).toArray();
    }

    @Test
    void linearWithWarmupMatchesKnownValues() {
        // num_warmup_steps = 2, num_training_steps = 10, lr = 10
        assertThat(values(new LearningRate(LINEAR, 10, 0, 2, 10), 11))
                .containsExactly(
                        new double[] {0, 5, 10, 8.75, 7.5, 6.25, 5, 3.75, 2.5, 1.25, 0},
                        within(1e-12));
    }

    @Test
    void cosineWithWarmupMatchesKnownValues() {
        assertThat(values(new LearningRate(COSINE, 10, 0, 2, 10), 11))
                .containsExactly(
                        new double[] {
                            0,
                            5,
                            10,
                            9.619397662556434,
                            8.535533905932738,
                            6.913417161825449,
                            5,
                            3.086582838174551,
                            1.4644660940672622,
                            0.3806023374435663,
                            0
                        },
                        within(1e-12));
    }

    @Test
    void constantWithWarmupStaysAtThePeak() {
        assertThat(values(new LearningRate(CONSTANT, 10, 0.3, 4, 6), 8))
                .containsExactly(new double[] {0, 2.5, 5, 7.5, 10, 10, 10, 10}, within(1e-12));
    }

    @ParameterizedTest
    @EnumSource(names = {"LINEAR", "COSINE"})
    void endsAtTheMinimumRatioAndStaysThere(LearningRate.Decay decay) {
        var schedule = new LearningRate(decay, 3e-4, 0.1, 10, 100);
        assertThat(schedule.at(10)).isEqualTo(3e-4);
        assertThat(schedule.at(55)).isCloseTo(3e-4 * 0.55, within(1e-15));
        assertThat(schedule.at(100)).isCloseTo(3e-5, within(1e-15));
        assertThat(schedule.at(1_000)).isEqualTo(schedule.at(100));
    }

    @Test
    void noWarmupStartsAtThePeak() {
        assertThat(new LearningRate(COSINE, 1, 0, 0, 10).at(0)).isEqualTo(1);
    }

    @Test
    void warmupAsLongAsTheRunNeverDividesByZero() {
        var schedule = new LearningRate(COSINE, 1, 0, 5, 5);
        assertThat(schedule.at(4)).isEqualTo(0.8);
        assertThat(schedule.at(5)).isEqualTo(1);
        assertThat(schedule.at(6)).isZero();
    }

    @Test
    void badParametersAreNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LearningRate(COSINE, Double.NaN, 0, 0, 1))
                .withMessageContaining("peak");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LearningRate(COSINE, 1, 1.5, 0, 1))
                .withMessageContaining("minRatio");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LearningRate(COSINE, 1, 0, -1, 1))
                .withMessageContaining("warmupSteps");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LearningRate(COSINE, 1, 0, 0, 1).at(-1))
                .withMessageContaining("step");
    }
}
