package io.chagres.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.bench.Decision.Verdict;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DecisionTest {
    private static final int PAIRS = 10;
    private static final int TASKS = 10;

    /// A process's time: a few percent of scatter, and now and then a disturbed process.
    private static double time(SplittableRandom random, double scatter) {
        double t = Math.exp(scatter * random.nextGaussian());
        return random.nextInt(10) == 0 ? t * random.nextDouble(1, 1.5) : t;
    }

    private static double[] ratios(SplittableRandom random, double scatter, double slowdown) {
        double[] ratios = new double[PAIRS];
        for (int i = 0; i < PAIRS; i++) {
            ratios[i] = slowdown * time(random, scatter) / time(random, scatter);
        }
        return ratios;
    }

    /// As in [Against]: what looks slower is measured again.
    private static boolean alarm(SplittableRandom random, double scatter, double slowdown) {
        return Decision.of(ratios(random, scatter, slowdown)).verdict() == Verdict.SLOWER
                && Decision.of(ratios(random, scatter, slowdown)).verdict() == Verdict.SLOWER;
    }

    @Test
    void thousandsOfComparisonsWithItselfRaiseNoAlarm() {
        SplittableRandom random = new SplittableRandom(1);
        for (double scatter : new double[] {0.005, 0.02, 0.05, 0.1}) {
            for (int i = 0; i < 20 * 5 * TASKS; i++) {
                assertThat(alarm(random, scatter, 1)).as("scatter %s, %d", scatter, i).isFalse();
            }
        }
    }

    @Test
    void tenPercentAreCaught() {
        SplittableRandom random = new SplittableRandom(2);
        for (double scatter : new double[] {0.005, 0.02, 0.03}) {
            int caught = 0;
            for (int i = 0; i < 500; i++) {
                caught += alarm(random, scatter, 1.1) ? 1 : 0;
            }
            assertThat(caught).as("scatter %s", scatter).isGreaterThan(470);
        }
    }

    @Test
    void twoPercentAreNotWorthAnAlarm() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 500; i++) {
            assertThat(alarm(random, 0.01, 1.02)).isFalse();
        }
    }

    @Test
    void theEstimateAndTheProbabilityAreTheTextbooks() {
        // All of 7 ratios above 1: one way in 2⁷.
        Decision slower = Decision.of(1.1, 1.11, 1.12, 1.13, 1.14, 1.15, 1.16);
        assertThat(slower.p()).isCloseTo(1.0 / 128, within(1e-12));
        assertThat(slower.ratio()).isBetween(1.12, 1.14);
        assertThat(slower.verdict()).isEqualTo(Verdict.SLOWER);
        // The smallest of 8 ranks is negative: W ≥ 35 of 36 in two ways of 256.
        Decision one = Decision.of(0.999, 1.11, 1.12, 1.13, 1.14, 1.15, 1.16, 1.17);
        assertThat(one.p()).isCloseTo(2.0 / 256, within(1e-12));
    }

    @Test
    void fasterIsTheMirrorImage() {
        Decision faster = Decision.of(1 / 1.1, 1 / 1.1, 1 / 1.1, 1 / 1.1, 0.9, 0.9, 0.9);
        assertThat(faster.verdict()).isEqualTo(Verdict.FASTER);
        assertThat(faster.p()).isLessThan(0.01);
    }

    @Test
    void sameIsSame() {
        Decision same = Decision.of(1, 1, 1, 1, 1, 1, 1, 1);
        assertThat(same.verdict()).isEqualTo(Verdict.SAME);
        assertThat(same.ratio()).isEqualTo(1);
    }

    @Test
    void oneWildProcessDoesNotDecide() {
        assertThat(Decision.of(1, 0.99, 1.01, 1, 1.02, 0.98, 1, 9).verdict())
                .isEqualTo(Verdict.SAME);
    }

    @Test
    void fewPairsAreRefused() {
        assertThatThrownBy(() -> Decision.of(1, 1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("7 are needed");
    }
}
