package io.chagres.kernels.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SwigluCodeTest {
    private static final float[] SPECIAL = {
        0f,
        -0f,
        1f,
        -1f,
        Float.MIN_VALUE,
        -Float.MIN_NORMAL,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.NaN,
        87.33653f,
        87.33654f,
        87.33655f,
        -87.33654f,
        -104f
    };

    @Test
    void machineCodeGivesTheBitsOfTheVectors() {
        SwigluCode machine = SwigluCode.here();
        assumeTrue(machine != null, "no AVX-512 here, or narrower vectors are asked for");
        int n = 4096;
        Random random = new Random(7);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment gate = arena.allocate(4L * n, 64);
            MemorySegment up = arena.allocate(4L * n, 64);
            MemorySegment expected = arena.allocate(4L * n, 64);
            MemorySegment actual = arena.allocate(4L * n, 64);
            for (int i = 0; i < n; i++) {
                float wide = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-4, 3)));
                float g = i < 256 ? SPECIAL[i % 16] : wide;
                float u = i < 256 ? SPECIAL[i / 16] : (float) random.nextGaussian();
                gate.setAtIndex(ValueLayout.JAVA_FLOAT, i, g);
                up.setAtIndex(ValueLayout.JAVA_FLOAT, i, u);
            }
            for (int bytes : new int[] {64, 128, 4 * n}) {
                ActivationLoops.swigluVectors(
                        gate.address(), -1, up.address(), -1, expected.address(), bytes);
                machine.call(gate.address(), up.address(), actual.address(), bytes);
                for (int i = 0; i < bytes / 4; i++) {
                    assertThat(Float.floatToIntBits(actual.getAtIndex(ValueLayout.JAVA_FLOAT, i)))
                            .as("element %d", i)
                            .isEqualTo(
                                    Float.floatToIntBits(
                                            expected.getAtIndex(ValueLayout.JAVA_FLOAT, i)));
                }
                assertThat(
                                bytes == 4 * n
                                        || actual.getAtIndex(ValueLayout.JAVA_INT, bytes / 4) == 0)
                        .isTrue();
            }
        }
    }
}
