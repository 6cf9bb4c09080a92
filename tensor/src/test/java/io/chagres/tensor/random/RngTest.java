package io.chagres.tensor.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RngTest {
    @Test
    void twoNumbersAreTheWholeState() {
        Rng rng = new Rng(5);
        rng.nextInt(10);
        rng.shuffle(new int[100]);
        rng.nextLong();
        rng.next();
        Rng restored = new Rng(rng.seed(), rng.offset());
        for (int i = 0; i < 20; i++) {
            assertThat(restored.nextLong()).isEqualTo(rng.nextLong());
            assertThat(restored.nextInt(1000)).isEqualTo(rng.nextInt(1000));
            assertThat(restored.uniform(i)).isEqualTo(rng.uniform(i));
            assertThat(restored.normal(i)).isEqualTo(rng.normal(i));
            assertThat(restored.nextUniform()).isEqualTo(rng.nextUniform());
        }
        assertThat(restored.split().nextLong()).isEqualTo(rng.split().nextLong());
    }

    @Test
    void everyDrawTakesOneOffset() {
        Rng rng = new Rng(1);
        assertThat(rng.next()).isZero();
        rng.nextLong();
        rng.nextInt(3);
        rng.nextUniform();
        rng.shuffle(new int[50]);
        rng.split();
        rng.uniform(3);
        rng.stream(4);
        assertThat(rng.offset()).isEqualTo(6);
    }

    @Test
    void elementsFollowPhilox() {
        Rng rng = new Rng(11, 4);
        assertThat(rng.uniform(9)).isEqualTo(new Philox(11).uniform(4, 9));
        assertThat(rng.normal(9)).isEqualTo(new Philox(11).normal(4, 9));
    }

    @Test
    void boundedNumbersAreEvenlySpread() {
        Rng rng = new Rng(3);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++) {
            counts[rng.nextInt(7)]++;
        }
        assertThat(Arrays.stream(counts).boxed())
                .allSatisfy(c -> assertThat(c).isBetween(9_600, 10_400));
        assertThat(rng.nextInt(1)).isZero();
        assertThatThrownBy(() -> rng.nextInt(0)).isInstanceOf(IllegalArgumentException.class);
    }

    /// 2³² words for a bound of 3·2²⁹ are 8 for every 3 results. Without a second draw a remainder
    /// would favour the lower third, and a multiplication two of every three neighbours.
    @Test
    void largeBoundsHaveNoBias() {
        Rng rng = new Rng(8);
        int bound = 3 << 29;
        int n = 40_000;
        int[] thirds = new int[3];
        int[] neighbours = new int[3];
        for (int i = 0; i < n; i++) {
            int k = rng.nextInt(bound);
            thirds[k / (bound / 3)]++;
            neighbours[k % 3]++;
        }
        for (int i = 0; i < 3; i++) {
            assertThat(thirds[i] / (double) n).isCloseTo(1 / 3.0, within(0.01));
            assertThat(neighbours[i] / (double) n).isCloseTo(1 / 3.0, within(0.01));
        }
    }

    @Test
    void shufflesEveryOrderEquallyOften() {
        Rng rng = new Rng(17);
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < 24_000; i++) {
            int[] a = {0, 1, 2, 3};
            rng.shuffle(a);
            counts.merge(Arrays.toString(a), 1, Integer::sum);
        }
        assertThat(counts).hasSize(24);
        assertThat(counts.values()).allSatisfy(c -> assertThat(c).isBetween(850, 1150));
    }

    @Test
    void streamsDifferFromEachOtherAndFromDraws() {
        Rng rng = new Rng(2);
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            seen.add(rng.stream(i).nextLong());
            seen.add(rng.nextLong());
            seen.add(rng.split().nextLong());
        }
        assertThat(seen).hasSize(3000);
        assertThat(rng.stream(5).nextLong()).isEqualTo(new Rng(2).stream(5).nextLong());
    }
}
