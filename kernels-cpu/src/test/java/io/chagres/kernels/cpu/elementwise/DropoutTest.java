package io.chagres.kernels.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Native;
import org.junit.jupiter.api.Test;

class DropoutTest {
    @Test
    void philoxGivesThePublishedNumbers() {
        // The known-answer vectors of the Random123 distribution.
        assertThat(philox(0, 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(philox(-1, -1, -1))
                .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertThat(philox(0x85a308d3243f6a88L, 0x0370734413198a2eL, 0x299f31d0a4093822L))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    @Test
    void vectorsEqualTheScalarDefinition() {
        long seed = 0x123456789ABCDEFL;
        long offset = 0xFEDCBA9876543210L;
        try (Native n = new Native(1)) {
            for (long first : new long[] {0, 64, 0xFFFFFFF8L, 0x123456780000L}) {
                long out = n.floats(4 * 16);
                Philox.fill(out, first, 16, seed, offset);
                for (int i = 0; i < 64; i++) {
                    assertThat(Lanes.ALL.get(Lanes.INT, out + 4L * i))
                            .as("number %s after block %s", i, first)
                            .isEqualTo(philox(first + i / 4, offset, seed)[i % 4]);
                }
            }
            n.assertGuardsIntact();
        }
    }

    @Test
    void keepsByTheDefinitionWhateverTheCut() {
        int size = (int) (2 * Grain.ELEMENTS + 1037);
        float p = 0.3f;
        try (Native n = new Native(2);
                WorkerPool pool = new WorkerPool(3)) {
            float[] x = n.normals(size, 1);
            long in = n.of(x);
            long y = n.floats(size);
            Dropout.apply(pool, in, y, size, p, 42, 7);
            float scale = (float) (1 / (1 - (double) p));
            int kept = 0;
            for (int i = 0; i < size; i++) {
                double u = (philox(i / 4, 7, 42)[i % 4] >>> 8) * 0x1p-24;
                assertThat(Native.at(y, i)).isEqualTo(u >= p ? x[i] * scale : 0f);
                kept += u >= p ? 1 : 0;
            }
            assertThat((double) kept / size).isCloseTo(0.7, within(0.02));
            long pieces = n.floats(size);
            for (int from = 0; from < size; from += 777) {
                Dropout.apply(in, pieces, from, Math.min(size, from + 777), p, 42, 7);
            }
            assertThat(Native.get(pieces, size)).isEqualTo(Native.get(y, size));
            Dropout.apply(in, in, 0, size, 0f, 42, 7);
            assertThat(Native.get(in, size)).isEqualTo(x);
            n.assertGuardsIntact();
        }
    }

    @Test
    void refusesAProbabilityOfOne() {
        assertThatThrownBy(() -> Dropout.apply(0, 0, 0, 0, 1f, 1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1.0");
    }

    /// One block of the generator as it is published: counter words 0 and 1, words 2 and 3, key.
    private static int[] philox(long counter, long offset, long seed) {
        int c0 = (int) counter;
        int c1 = (int) (counter >>> 32);
        int c2 = (int) offset;
        int c3 = (int) (offset >>> 32);
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < 10; round++) {
            long p0 = (c0 & 0xFFFFFFFFL) * 0xD2511F53L;
            long p1 = (c2 & 0xFFFFFFFFL) * 0xCD9E8D57L;
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return new int[] {c0, c1, c2, c3};
    }
}
