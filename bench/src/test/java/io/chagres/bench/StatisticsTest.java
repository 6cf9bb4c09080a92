package io.chagres.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class StatisticsTest {
    @Test
    void quantilesInterpolate() {
        double[] values = {4, 1, 3, 2, 5};
        assertThat(Statistics.quantile(0, values)).isEqualTo(1);
        assertThat(Statistics.quantile(0.25, values)).isEqualTo(2);
        assertThat(Statistics.quantile(0.9, values)).isCloseTo(4.6, within(1e-12));
        assertThat(Statistics.quantile(1, values)).isEqualTo(5);
        assertThat(Statistics.median(1, 2)).isEqualTo(1.5);
        assertThat(values).containsExactly(4, 1, 3, 2, 5);
        assertThatThrownBy(Statistics::median).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theGeometricMeanMultiplies() {
        assertThat(Statistics.geometricMean(0.5, 2, 8)).isCloseTo(2, within(1e-12));
    }

    @Test
    void samplesAreOfOneRunEach() {
        int[] runs = {0};
        double[] samples = Timing.samples(0, 0.001, () -> runs[0]++);
        assertThat(samples.length).isGreaterThanOrEqualTo(3);
        assertThat(runs[0]).isGreaterThan(samples.length);
        for (double t : samples) {
            assertThat(t).isBetween(0.0, 1e-3);
        }
    }

    @Test
    void startsAreJudgedByTheBest() {
        assertThat(RobustStarts.below(100, 91, 89, 50)).isEqualTo(2);
        assertThat(RobustStarts.timeTo(80, 10, 0.5, 1, 1.5, 0.2, 2.5, 0.1)).isEqualTo(2.5);
        assertThat(RobustStarts.timeTo(800, 10, 0.5, 1)).isInfinite();
    }
}
