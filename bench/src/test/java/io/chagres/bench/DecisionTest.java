package io.chagres.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.bench.Decision.Verdict;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DecisionTest {
    private static final int PAIRS = 12;
    private static final int TASKS = 10;

    /// A process's time: a few percent of scatter, and now and then a disturbed process.
    private static double time(SplittableRandom random, double scatter) {
        double t = Math.exp(scatter * random.nextGaussian());
        return random.nextInt(10) == 0 ? t * random.nextDouble(1, 1.5) : t;
    }

    private static Decision decide(SplittableRandom random, double scatter, double slowdown) {
        double[] before = new double[PAIRS];
        double[] after = new double[PAIRS];
        for (int i = 0; i < PAIRS; i++) {
            before[i] = time(random, scatter);
            after[i] = slowdown * time(random, scatter);
        }
        return Decision.of(before, after);
    }

    /// As in [Against]: what looks slower is measured again.
    private static boolean alarm(SplittableRandom random, double scatter, double slowdown) {
        return decide(random, scatter, slowdown).isSuspect()
                && decide(random, scatter, slowdown).verdict() == Verdict.SLOWER;
    }

    /// Ratios as times of the new build beside an old one that always took 1.
    private static Decision ratios(double... ratios) {
        double[] ones = new double[ratios.length];
        Arrays.fill(ones, 1);
        return Decision.of(ones, ratios);
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
    void twoPercentAreSeldomWorthAnAlarm() {
        SplittableRandom random = new SplittableRandom(3);
        int alarms = 0;
        for (int i = 0; i < 500; i++) {
            alarms += alarm(random, 0.01, 1.02) ? 1 : 0;
        }
        assertThat(alarms).isLessThan(5);
    }

    @Test
    void theProbabilityIsTheTextbooks() {
        // All 7 of 7 differences are positive: one way in 2⁷.
        double[] before = {1, 1, 1, 1, 1, 1, 1};
        double[] after = {1.1, 1.11, 1.12, 1.13, 1.1, 1.11, 1.12};
        Decision slower = Decision.of(before, after);
        assertThat(slower.p()).isCloseTo(1.0 / 128, within(1e-12));
        assertThat(slower.ratio()).isBetween(1.1, 1.12);
        assertThat(slower.verdict()).isEqualTo(Verdict.SLOWER);
        // The smallest of 8 ranks is negative: W ≥ 35 of 36 in two ways of 2⁸.
        before = new double[] {1.001, 1, 1, 1, 1, 1, 1, 1};
        after = new double[] {1, 1.01, 1.011, 1.012, 1.013, 1.014, 1.015, 1.016};
        assertThat(Decision.of(before, after).p()).isCloseTo(2.0 / 256, within(1e-12));
    }

    @Test
    void fasterIsTheMirrorImage() {
        double[] one = {1, 1.01, 1, 1.02, 1, 1.01, 1};
        double[] less = {0.9, 0.91, 0.9, 0.92, 0.9, 0.91, 0.9};
        Decision faster = Decision.of(one, less);
        assertThat(faster.verdict()).isEqualTo(Verdict.FASTER);
        assertThat(faster.isSuspect()).isFalse();
        assertThat(Decision.of(less, one).verdict()).isEqualTo(Verdict.SLOWER);
        assertThat(Decision.of(less, one).ratio()).isCloseTo(1 / faster.ratio(), within(1e-9));
    }

    @Test
    void sameIsSame() {
        Decision same = ratios(1, 1, 1, 1, 1, 1, 1, 1);
        assertThat(same.verdict()).isEqualTo(Verdict.SAME);
        assertThat(same.ratio()).isEqualTo(1);
        assertThat(same.p()).isEqualTo(1);
    }

    @Test
    void oneWildProcessDoesNotDecide() {
        assertThat(ratios(1, 0.99, 1.01, 1, 1.02, 0.98, 1, 9).verdict()).isEqualTo(Verdict.SAME);
        double[] before = {1, 1, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        double[] after = {1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1};
        assertThat(Decision.of(before, after).verdict()).isEqualTo(Verdict.SLOWER);
    }

    @Test
    void fewPairsAreRefused() {
        assertThatThrownBy(() -> ratios(1, 1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("7 pairs are needed");
    }
}
