package io.chagres.kernels.cpu.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("width")
class SoftmaxTest {
    private static final int N = Lanes.N;
    private static final float[] SPECIAL = {
        0f,
        -0f,
        1f,
        -1f,
        0.5f,
        -126f,
        -126.9f,
        -127f,
        -127.5f,
        -1e9f,
        127f,
        Float.NaN,
        Float.NEGATIVE_INFINITY
    };

    /// The loop and the scalar give the same bits, which are close to powers of two.
    @Test
    void exponentialsOfVectorsAndOfNumbersAgree() {
        SplittableRandom random = new SplittableRandom(3);
        int rows = 200;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(4L * N * rows, 64);
            MemorySegment base = arena.allocate(4L * N, 64);
            float[] x = new float[N * rows];
            for (int i = 0; i < x.length; i++) {
                x[i] = i < SPECIAL.length ? SPECIAL[i] : (float) random.nextDouble(-140, 1);
                s.setAtIndex(ValueLayout.JAVA_FLOAT, i, x[i]);
            }
            Softmax.exponentials(s.address(), 4L * N, rows, base.address(), base.address());
            float[] sums = new float[N];
            for (int i = 0; i < x.length; i++) {
                float y = s.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                assertThat(Float.floatToIntBits(y))
                        .as("bits of 2^%s", x[i])
                        .isEqualTo(Float.floatToIntBits(Softmax.exp2(x[i])));
                if (x[i] > -126) {
                    double exact = Math.pow(2, x[i]);
                    assertThat((double) y).isCloseTo(exact, within(2e-7 * exact));
                } else if (x[i] <= -127) {
                    assertThat(y).isZero();
                }
                sums[i % N] += y;
            }
            for (int i = 0; i < N; i++) {
                float sum = base.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                assertThat(Float.floatToIntBits(sum))
                        .as("sum of lane %d", i)
                        .isEqualTo(Float.floatToIntBits(sums[i]));
            }
        }
    }
}
