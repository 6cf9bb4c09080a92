package io.chagres.tensor.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PhiloxTest {
    private static int[] block(int c0, int c1, int c2, int c3, int k0, int k1) {
        int[] out = new int[Philox.LANES];
        Philox.block(c0, c1, c2, c3, k0, k1, out, 0);
        return out;
    }

    /// The known answers published with Random123 for philox4x32-10.
    @Test
    void givesThePublishedAnswers() {
        assertThat(block(0, 0, 0, 0, 0, 0))
                .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(block(-1, -1, -1, -1, -1, -1))
                .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertThat(block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    @Test
    void wordsOfSeedOffsetAndBlockHaveTheirPlaces() {
        int[] out = new int[6];
        Philox.block(0x299f31d0_a4093822L, 0x03707344_13198a2eL, 0x85a308d3_243f6a88L, out, 1);
        assertThat(out).containsExactly(0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1, 0);
        Philox philox = new Philox(0x299f31d0_a4093822L);
        int[] lanes = new int[Philox.LANES];
        Philox.block(philox.seed(), 9, 3, lanes, 0);
        for (int lane = 0; lane < Philox.LANES; lane++) {
            assertThat(philox.bits(9, 12 + lane)).isEqualTo(lanes[lane]);
            assertThat(philox.normal(9, 12 + lane)).isEqualTo(Philox.normal(lanes, lane));
        }
    }

    @Test
    void uniformIsBelowOne() {
        assertThat(Philox.uniform(-1)).isLessThan(1f).isEqualTo(1f - 0x1p-24f);
        assertThat(Philox.uniform(0xFF)).isZero();
        assertThat(Philox.uniform(0x8000_0000)).isEqualTo(0.5f);
    }

    @Test
    void normalHasItsMomentsAndFixedBits() {
        Philox philox = new Philox(7);
        int n = 200_000;
        double sum = 0;
        double squares = 0;
        double fourth = 0;
        double pairs = 0;
        double uniform = 0;
        for (int i = 0; i < n; i++) {
            double z = philox.normal(0, i);
            sum += z;
            squares += z * z;
            fourth += z * z * z * z;
            pairs += z * philox.normal(0, i ^ 1);
            uniform += philox.uniform(1, i);
        }
        assertThat(sum / n).isCloseTo(0, within(0.01));
        assertThat(squares / n).isCloseTo(1, within(0.015));
        assertThat(fourth / n).isCloseTo(3, within(0.1));
        assertThat(pairs / n).isCloseTo(0, within(0.015));
        assertThat(uniform / n).isCloseTo(0.5, within(0.003));
    }

    /// Extremes of the two words: the smallest gives the largest radius, and none is infinite.
    @Test
    void normalIsFiniteAtTheEnds() {
        assertThat(Philox.normal(new int[] {0, 0, 0, 0}, 0))
                .isEqualTo(StrictMath.sqrt(66 * StrictMath.log(2)), within(1e-12));
        assertThat(Philox.normal(new int[] {-1, -1, -1, -1}, 2)).isCloseTo(0, within(1e-4));
        assertThat(Philox.normal(new int[] {0, 0x4000_0000, 0, 0}, 1))
                .isEqualTo(StrictMath.sqrt(66 * StrictMath.log(2)), within(1e-12));
    }
}
