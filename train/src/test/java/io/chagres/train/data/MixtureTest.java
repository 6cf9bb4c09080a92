package io.chagres.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MixtureTest {
    private static String turns(Mixture mixture, int count) {
        var text = new StringBuilder();
        for (int n = 0; n < count; n++) {
            text.append((char) ('a' + mixture.part(n)));
        }
        return text.toString();
    }

    @Test
    void oneAndEqualParts() {
        assertThat(turns(new Mixture(new double[] {3}), 4)).isEqualTo("aaaa");
        assertThat(turns(new Mixture(new double[] {0.1, 0.1, 0.1}), 7)).isEqualTo("abcabca");
    }

    @Test
    void turnsAreInProportionAndSpreadEvenly() {
        assertThat(turns(new Mixture(new double[] {5, 1, 1}), 14)).isEqualTo("aabacaaaabacaa");
        var mixture = new Mixture(new double[] {0.7, 0.3});
        for (int end = 1; end <= 1_000; end++) {
            long first = turns(mixture, end).chars().filter(c -> c == 'a').count();
            assertThat(Math.abs(first - 0.7 * end)).as("after %d", end).isLessThan(1);
        }
    }

    @Test
    void turnsBeforeCountsThem() {
        var mixture = new Mixture(new double[] {0.123, 2, Math.PI});
        long[] had = new long[3];
        for (int n = 0; n < 30_000; n++) {
            int part = mixture.part(n);
            assertThat(mixture.turnsBefore(n)).isEqualTo(had[part]++);
        }
        assertThat(had[2] / (double) had[1]).isCloseTo(Math.PI / 2, within(1e-3));
    }

    @Test
    void aTinyWeightStillGetsATurn() {
        var mixture = new Mixture(new double[] {1, 1e-12});
        assertThat(turns(mixture, Mixture.MAX_PERIOD + 1)).contains("b");
    }
}
