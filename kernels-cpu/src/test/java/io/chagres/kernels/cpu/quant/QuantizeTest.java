package io.chagres.kernels.cpu.quant;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("width")
class QuantizeTest {
    private record Result(byte[] q, float[] scales) {}

    private static Result quantize(float[] x, int size) {
        try (Arena arena = Arena.ofConfined();
                WorkerPool pool = new WorkerPool(2)) {
            int groups = x.length / size;
            long source = arena.allocate(4L * x.length + 64, 4).address();
            long q = arena.allocate(x.length + 1L, 1).address();
            long scales = arena.allocate(4L * groups, 4).address();
            for (int i = 0; i < x.length; i++) {
                Lanes.ALL.set(Lanes.FLOAT, source + 4L * i, x[i]);
            }
            Lanes.ALL.set(ValueLayout.JAVA_BYTE, q + x.length, (byte) 99);
            Quantize.run(pool, source, groups, size, q, scales);
            assertThat(Lanes.ALL.get(ValueLayout.JAVA_BYTE, q + x.length)).isEqualTo((byte) 99);
            byte[] bytes = new byte[x.length];
            for (int i = 0; i < x.length; i++) {
                bytes[i] = Lanes.ALL.get(ValueLayout.JAVA_BYTE, q + i);
            }
            float[] all = new float[groups];
            for (int i = 0; i < groups; i++) {
                all[i] = Lanes.ALL.get(Lanes.FLOAT, scales + 4L * i);
            }
            return new Result(bytes, all);
        }
    }

    @ParameterizedTest
    @CsvSource({"40,32", "3,128", "5,576", "7,37", "4000,64", "9,1", "2,15"})
    void roundsAsTheFormulaSays(int groups, int size) {
        Random random = new Random(size);
        float[] x = new float[groups * size];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-3, 4)));
        }
        Result r = quantize(x, size);
        for (int g = 0; g < groups; g++) {
            float most = 0;
            for (int i = g * size; i < (g + 1) * size; i++) {
                most = Math.max(most, Math.abs(x[i]));
            }
            assertThat(r.scales[g]).isEqualTo(most / 127);
            double inverse = 127 / most;
            for (int i = g * size; i < (g + 1) * size; i++) {
                // A product of two floats is exact in double precision.
                assertThat((double) r.q[i]).isEqualTo(Math.rint(x[i] * inverse));
            }
        }
    }

    @Test
    void halvesGoToTheEvenNeighbour() {
        float[] x = new float[32];
        for (int i = 0; i < 32; i++) {
            x[i] = i - 15.5f;
        }
        x[31] = 127;
        byte[] q = quantize(x, 32).q;
        assertThat(q).startsWith(-16, -14, -14, -12, -12).endsWith(12, 14, 14, 127);
        assertThat(q[15]).isZero();
        assertThat(q[16]).isZero();
    }

    @Test
    void zerosTinyNumbersAndWhatIsNoNumber() {
        float[] x = new float[6 * 20];
        x[20 + 3] = 1e-38f;
        x[40 + 17] = Float.NaN;
        x[60 + 2] = Float.NEGATIVE_INFINITY;
        x[60 + 3] = 5;
        x[80 + 1] = Float.MAX_VALUE;
        x[80 + 2] = -Float.MAX_VALUE;
        x[100] = -0x1p-100f;
        Result r = quantize(x, 20);
        assertThat(r.scales)
                .containsExactly(
                        0f,
                        0f,
                        Float.NaN,
                        Float.POSITIVE_INFINITY,
                        Float.MAX_VALUE / 127,
                        0x1p-100f / 127);
        for (int i = 0; i < 80; i++) {
            assertThat(r.q[i]).isZero();
        }
        assertThat(r.q[81]).isEqualTo((byte) 127);
        assertThat(r.q[82]).isEqualTo((byte) -127);
        assertThat(r.q[100]).isEqualTo((byte) -127);
    }
}
