package io.chagres.kernels.cpu.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("width")
class Int8ProductTest {
    private static final WorkerPool POOL = new WorkerPool(2);
    private static final Int8Product PRODUCT = new Int8Product(POOL);
    private static final Int8Product JAVA = new Int8Product(POOL, false);

    @AfterAll
    static void close() {
        POOL.close();
    }

    private record Problem(int rows, int out, int in, int group, long x, long q, long scale) {
        static Problem random(Arena arena, int rows, int out, int in, int group) {
            Random random = new Random(31L * out + in);
            long x = arena.allocate(4L * rows * in, 4).address();
            long q = arena.allocate((long) out * in, 1).address();
            int scales = out * (in / group);
            long scale = arena.allocate(4L * scales, 4).address();
            for (int i = 0; i < rows * in; i++) {
                Lanes.ALL.set(Lanes.FLOAT, x + 4L * i, random.nextFloat() - 0.5f);
            }
            for (int i = 0; i < out * in; i++) {
                Lanes.ALL.set(ValueLayout.JAVA_BYTE, q + i, (byte) random.nextInt(256));
            }
            for (int i = 0; i < scales; i++) {
                Lanes.ALL.set(Lanes.FLOAT, scale + 4L * i, random.nextFloat());
            }
            return new Problem(rows, out, in, group, x, q, scale);
        }

        /// A row of the result when x is quantised.
        float[] dynamicRow(int row, long bias) {
            float most = 0;
            for (int k = 0; k < in; k++) {
                most = Math.max(most, Math.abs(x(row, k)));
            }
            float inverse = 127 / most;
            int[] rounded = new int[in];
            for (int k = 0; k < in; k++) {
                rounded[k] = (int) Math.rint(x(row, k) * (double) inverse);
            }
            float[] y = new float[out];
            for (int j = 0; j < out; j++) {
                for (int g = 0; g < in / group; g++) {
                    int sum = 0;
                    for (int k = g * group; k < (g + 1) * group; k++) {
                        long at = q + (long) j * in + k;
                        sum += rounded[k] * Lanes.ALL.get(ValueLayout.JAVA_BYTE, at);
                    }
                    long at = scale + 4L * ((long) j * (in / group) + g);
                    float term = sum * (most / 127) * Lanes.ALL.get(Lanes.FLOAT, at);
                    y[j] = g == 0 ? term : y[j] + term;
                }
                y[j] += bias == 0 ? 0 : Lanes.ALL.get(Lanes.FLOAT, bias + 4L * j);
            }
            return y;
        }

        private float x(int row, int k) {
            return Lanes.ALL.get(Lanes.FLOAT, x + 4L * ((long) row * in + k));
        }

        void run(long bias, long y, long scratch) {
            PRODUCT.run(rows, out, in, group, x, q, scale, bias, y, scratch);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1,50,64,64",
        "3,9,40,8",
        "16,70,96,32",
        "17,33,100,100",
        "40,70,128,64",
        "1,1,1,1",
        "20,3000,1000,250"
    })
    void isTheSumItSays(int rows, int out, int in, int group) {
        try (Arena arena = Arena.ofConfined()) {
            Problem p = Problem.random(arena, rows, out, in, group);
            long y = arena.allocate(4L * rows * out, 4).address();
            long bias = arena.allocate(4L * out, 4).address();
            for (int j = 0; j < out; j++) {
                Lanes.ALL.set(Lanes.FLOAT, bias + 4L * j, j * 0.25f);
            }
            long bytes = Int8Product.scratchBytes(rows, out, in);
            long scratch = arena.allocate(Math.max(1, bytes), 64).address();
            for (boolean biased : new boolean[] {false, true}) {
                p.run(biased ? bias : 0, y, scratch);
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < out; j++) {
                        double sum = biased ? j * 0.25 : 0;
                        double size = Math.abs(sum);
                        for (int k = 0; k < in; k++) {
                            double scale =
                                    Lanes.ALL.get(
                                            Lanes.FLOAT,
                                            p.scale + 4L * (j * (in / group) + k / group));
                            double term =
                                    Lanes.ALL.get(Lanes.FLOAT, p.x + 4L * (i * in + k))
                                            * scale
                                            * Lanes.ALL.get(
                                                    ValueLayout.JAVA_BYTE, p.q + (long) j * in + k);
                            sum += term;
                            size += Math.abs(term);
                        }
                        double value = Lanes.ALL.get(Lanes.FLOAT, y + 4L * (i * out + j));
                        assertThat(value)
                                .as("%d, %d", i, j)
                                .isCloseTo(sum, within(1e-6 * size + 1e-30));
                    }
                }
            }
        }
    }

    /// Exactly the formula, by machine code where there is any, and by the Vector API.
    @ParameterizedTest
    @CsvSource({
        "1,50,64,64",
        "3,9,40,8",
        "16,70,96,32",
        "17,33,100,100",
        "40,70,128,64",
        "1,1,1,1",
        "2,37,200,100",
        "7,600,1088,136",
        "15,5,77,77",
        "20,100,5000,5000",
        "18,33,2048,1024",
        "30,40,12,4"
    })
    void integersOfBothSidesAreMultipliedExactly(int rows, int out, int in, int group) {
        try (Arena arena = Arena.ofConfined()) {
            Problem p = Problem.random(arena, rows, out, in, group);
            Lanes.ALL.set(ValueLayout.JAVA_BYTE, p.q, Byte.MIN_VALUE);
            long y = arena.allocate(4L * rows * out, 4).address();
            long bias = arena.allocate(4L * out, 4).address();
            for (int j = 0; j < out; j++) {
                Lanes.ALL.set(Lanes.FLOAT, bias + 4L * j, j * 0.3f);
            }
            for (Int8Product product : List.of(PRODUCT, JAVA)) {
                long bytes = product.dynamicScratchBytes(rows, out, in, group);
                long scratch = arena.allocate(bytes, 64).address();
                for (boolean biased : new boolean[] {false, true}) {
                    long b = biased ? bias : 0;
                    product.dynamic(rows, out, in, group, p.x, p.q, p.scale, b, y, scratch);
                    for (int i = 0; i < rows; i++) {
                        float[] expected = p.dynamicRow(i, b);
                        for (int j = 0; j < out; j++) {
                            assertThat(Lanes.ALL.get(Lanes.FLOAT, y + 4L * (i * out + j)))
                                    .as("%d, %d", i, j)
                                    .isEqualTo(expected[j]);
                        }
                    }
                }
            }
        }
    }

    @Test
    void sumsThatFillTheInstructionDoNotSaturate() {
        try (Arena arena = Arena.ofConfined()) {
            int in = 1000;
            long x = arena.allocate(4L * in, 4).address();
            long q = arena.allocate(8L * in, 1).address();
            long scale = arena.allocate(32, 4).address();
            long y = arena.allocate(32, 4).address();
            for (int k = 0; k < in; k++) {
                Lanes.ALL.set(Lanes.FLOAT, x + 4L * k, -127);
            }
            for (int i = 0; i < 8 * in; i++) {
                byte most = i / in % 2 == 0 ? Byte.MIN_VALUE : Byte.MAX_VALUE;
                Lanes.ALL.set(ValueLayout.JAVA_BYTE, q + i, most);
            }
            for (int j = 0; j < 8; j++) {
                Lanes.ALL.set(Lanes.FLOAT, scale + 4L * j, 1);
            }
            for (Int8Product product : List.of(PRODUCT, JAVA)) {
                long bytes = product.dynamicScratchBytes(1, 8, in, in);
                long scratch = arena.allocate(bytes, 64).address();
                product.dynamic(1, 8, in, in, x, q, scale, 0, y, scratch);
                for (int j = 0; j < 8; j++) {
                    assertThat(Lanes.ALL.get(Lanes.FLOAT, y + 4L * j))
                            .isEqualTo(-127f * in * (j % 2 == 0 ? -128 : 127));
                }
            }
        }
    }

    @Test
    void aWarmProductAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined()) {
            Problem p = Problem.random(arena, 1, 48, 64, 32);
            long y = arena.allocate(4L * 48, 4).address();
            long bytes = PRODUCT.dynamicScratchBytes(1, 48, 64, 32);
            long scratch = arena.allocate(bytes, 64).address();
            long allocated = Long.MAX_VALUE;
            long end = System.nanoTime() + 30_000_000_000L; // C2 may be long in coming
            while (allocated > 0 && System.nanoTime() < end) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 50; i++) {
                    p.run(0, y, 0);
                    PRODUCT.dynamic(1, 48, 64, 32, p.x, p.q, p.scale, 0, y, scratch);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(allocated).isZero();
        }
    }
}
