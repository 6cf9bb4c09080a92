package io.chagres.kernels.cpu.gemm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Weights stored in fewer bits give what their copy in single precision gives, to the bit, for any
/// number of vectors. So do those with one scale a row if it is a power of two, since it multiplies
/// sums.
@Tag("width")
class DotProductsTest {
    private static final WorkerPool POOL = new WorkerPool(2);
    private static final DotProducts DOTS = new DotProducts(2);
    private static final DotProducts JAVA = new DotProducts(2, false);

    @AfterAll
    static void close() {
        POOL.close();
    }

    /// W of some type and its copy in single precision.
    private record Weights(long stored, long floats) {
        static Weights halves(Arena arena, DType type, int rows, int k, Random random) {
            long stored = arena.allocate(2L * rows * k, 2).address();
            long floats = arena.allocate(4L * rows * k, 4).address();
            for (long i = 0; i < (long) rows * k; i++) {
                short bits = (short) random.nextInt(1 << 16);
                if (special(type, bits)) {
                    bits = 0x1234;
                }
                Lanes.ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, stored + 2 * i, bits);
                float value = Widen.element(type, stored + 2 * i);
                Lanes.ALL.set(Lanes.FLOAT, floats + 4 * i, value);
            }
            return new Weights(stored, floats);
        }

        /// Whether a number is infinite, or so large that sums could be.
        private static boolean special(DType type, short bits) {
            return type == DType.F16 ? (bits & 0x7c00) == 0x7c00 : (bits & 0x7f80) > 0x5000;
        }
    }

    private static long gaussians(Arena arena, int n, Random random) {
        long at = arena.allocate(4L * n, 4).address();
        for (int i = 0; i < n; i++) {
            Lanes.ALL.set(Lanes.FLOAT, at + 4L * i, (float) random.nextGaussian());
        }
        return at;
    }

    /// Says what W is.
    private interface Stored {
        void in(DotProducts dots);
    }

    /// Results of machine code, where there is any; those of the Vector API must be the same.
    private static float[] results(
            Arena arena, int vectors, int rows, int k, long x, Stored weights) {
        float[] all = results(DOTS, arena, vectors, rows, k, x, weights, false);
        assertThat(results(JAVA, arena, vectors, rows, k, x, weights, false))
                .as("Vector API")
                .isEqualTo(all);
        float[] added = results(DOTS, arena, vectors, rows, k, x, weights, true);
        assertThat(results(JAVA, arena, vectors, rows, k, x, weights, true))
                .as("Vector API, added to what is there")
                .isEqualTo(added);
        for (int i = 0; i < all.length; i++) {
            assertThat(added[i]).isEqualTo(Float.valueOf(all[i] + 1 + i % rows));
        }
        return all;
    }

    private static float[] results(
            DotProducts dots,
            Arena arena,
            int vectors,
            int rows,
            int k,
            long x,
            Stored weights,
            boolean add) {
        long y = arena.allocate(4L * vectors * rows, 4).address();
        long bias = arena.allocate(4L * rows, 4).address();
        for (int j = 0; j < rows; j++) {
            Lanes.ALL.set(Lanes.FLOAT, bias + 4L * j, j);
        }
        for (int i = 0; i < vectors * rows; i++) {
            Lanes.ALL.set(Lanes.FLOAT, y + 4L * i, 1);
        }
        dots.shape(vectors, rows, k, 1);
        weights.in(dots);
        dots.vectors(DType.F32, x, 4L * k, 4, 0);
        dots.results(y, 4, 4L * rows, 0);
        dots.bias(add ? bias : 0, 4, 0);
        dots.accumulate(add);
        dots.run(POOL);
        float[] all = new float[vectors * rows];
        for (int i = 0; i < all.length; i++) {
            all[i] = Lanes.ALL.get(Lanes.FLOAT, y + 4L * i);
        }
        return all;
    }

    private static void floats(DotProducts dots, long w, int k) {
        dots.weights(DType.F32, w, 4L * k, 4, 0);
    }

    @ParameterizedTest
    @CsvSource({"1,37,64", "1,3,48", "2,600,80", "3,41,1100", "5,9,31", "1,70,1040", "16,23,33"})
    void halfPrecisionIsItsCopyInSinglePrecision(int vectors, int rows, int k) {
        Random random = new Random(31L * rows + k);
        try (Arena arena = Arena.ofConfined()) {
            long x = gaussians(arena, vectors * k, random);
            for (DType type : new DType[] {DType.BF16, DType.F16}) {
                Weights w = Weights.halves(arena, type, rows, k, random);
                float[] expected = results(arena, vectors, rows, k, x, d -> floats(d, w.floats, k));
                float[] actual =
                        results(
                                arena,
                                vectors,
                                rows,
                                k,
                                x,
                                d -> d.weights(type, w.stored, 2L * k, 2, 0));
                assertThat(actual).as("%s", type).isEqualTo(expected);
            }
        }
    }

    @Test
    void infiniteAndUndefinedWeightsStayWhatTheyAre() {
        try (Arena arena = Arena.ofConfined()) {
            int k = 32;
            short[] bits = {0x7c00, (short) 0xfc00, 0x7e00, 0x0001, (short) 0x83ff, 0x7bff};
            long w = arena.allocate(2L * k * bits.length, 2).address();
            long x = arena.allocate(4L * k, 4).address();
            for (int i = 0; i < bits.length; i++) {
                Lanes.ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, w + 2L * k * i + 34, bits[i]);
            }
            Lanes.ALL.set(Lanes.FLOAT, x + 68, 2f);
            float[] y =
                    results(
                            arena,
                            1,
                            bits.length,
                            k,
                            x,
                            d -> d.weights(DType.F16, w, 2L * k, 2, 0));
            assertThat(y)
                    .containsExactly(
                            Float.POSITIVE_INFINITY,
                            Float.NEGATIVE_INFINITY,
                            Float.NaN,
                            0x1p-23f,
                            -2 * 1023 * 0x1p-24f,
                            2 * 65504f);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1,37,64,64",
        "1,600,128,32",
        "2,18,96,32",
        "3,5,100,100",
        "1,29,120,24",
        "4,9,48,16",
        "1,40,1300,1300",
        "1,8,4096,128",
        "7,13,1152,64",
        "1,2,7,1"
    })
    void integersWithScalesAreTheirDequantisedCopy(int vectors, int rows, int k, int group) {
        Random random = new Random(31L * rows + k);
        try (Arena arena = Arena.ofConfined()) {
            long x = gaussians(arena, vectors * k, random);
            long q = arena.allocate((long) rows * k, 1).address();
            int groups = k / group;
            long scales = gaussians(arena, rows * groups, random);
            for (int j = 0; j < rows && groups == 1; j++) {
                Lanes.ALL.set(Lanes.FLOAT, scales + 4L * j, Math.scalb(1f, random.nextInt(-4, 4)));
            }
            long copy = arena.allocate(4L * rows * k, 4).address();
            for (int j = 0; j < rows; j++) {
                for (int i = 0; i < k; i++) {
                    byte value = (byte) random.nextInt(256);
                    Lanes.ALL.set(ValueLayout.JAVA_BYTE, q + (long) j * k + i, value);
                    float scale =
                            Lanes.ALL.get(
                                    Lanes.FLOAT, scales + 4L * ((long) j * groups + i / group));
                    Lanes.ALL.set(Lanes.FLOAT, copy + 4L * ((long) j * k + i), value * scale);
                }
            }
            float[] expected = results(arena, vectors, rows, k, x, d -> floats(d, copy, k));
            float[] actual =
                    results(
                            arena,
                            vectors,
                            rows,
                            k,
                            x,
                            d -> d.int8(q, k, scales, 4L * groups, group));
            assertThat(actual).isEqualTo(expected);
            float[] alone = results(arena, 1, rows, k, x, d -> floats(d, copy, k));
            for (int j = 0; j < rows; j++) {
                assertThat(actual[j]).isEqualTo(alone[j]);
                double sum = 0;
                double size = 0;
                for (int i = 0; i < k; i++) {
                    double term =
                            (double) Lanes.ALL.get(Lanes.FLOAT, x + 4L * i)
                                    * Lanes.ALL.get(Lanes.FLOAT, copy + 4L * ((long) j * k + i));
                    sum += term;
                    size += Math.abs(term);
                }
                assertThat((double) actual[j]).isCloseTo(sum, within(1e-6 * size + 1e-30));
            }
        }
    }
}
