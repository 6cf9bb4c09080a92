package io.chagres.kernels.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Arrays of floats in native memory, compared bit by bit.
public final class Bits {
    private static final float[] SPECIAL = {
        0f,
        -0f,
        Float.MIN_VALUE,
        -Float.MIN_NORMAL,
        Float.MAX_VALUE,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.NaN
    };

    private Bits() {}

    /// n random floats of many sizes.
    public static MemorySegment random(Arena arena, Random random, int n) {
        MemorySegment s = arena.allocate(4L * n, 64);
        for (int i = 0; i < n; i++) {
            float scale = (float) Math.pow(10, random.nextInt(-3, 3));
            s.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian() * scale);
        }
        return s;
    }

    /// Puts zeros, infinities, NaN and the like at every stride-th place.
    public static void special(MemorySegment s, int stride) {
        for (int i = 0; i * stride < s.byteSize() / 4; i++) {
            s.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * stride, SPECIAL[i % SPECIAL.length]);
        }
    }

    /// Fails unless both hold the same bits; all NaN count as the same.
    public static void same(MemorySegment actual, MemorySegment expected) {
        for (int i = 0; i < expected.byteSize() / 4; i++) {
            assertThat(Float.floatToIntBits(actual.getAtIndex(ValueLayout.JAVA_FLOAT, i)))
                    .as("element %d", i)
                    .isEqualTo(
                            Float.floatToIntBits(expected.getAtIndex(ValueLayout.JAVA_FLOAT, i)));
        }
    }
}
