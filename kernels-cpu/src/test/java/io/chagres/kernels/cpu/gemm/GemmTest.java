package io.chagres.kernels.cpu.gemm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("width")
class GemmTest {
    private static final int[] SIZES = {
        1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 24, 31, 32, 33, 47, 64, 67, 97
    };
    private static final WorkerPool POOL = new WorkerPool(2);
    private static final Gemm GEMM = new Gemm(POOL);

    @AfterAll
    static void close() {
        POOL.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void randomProductsInSinglePrecision(int seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 60; i++) {
            check(
                    DType.F32,
                    DType.F32,
                    DType.F32,
                    pick(random),
                    pick(random),
                    pick(random),
                    random);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            mode = Mode.INCLUDE,
            names = {"BF16", "F16", "F32"})
    void operandsOfOtherTypes(DType type) {
        Random random = new Random(7);
        for (int i = 0; i < 40; i++) {
            boolean both = random.nextBoolean();
            check(
                    DType.F32,
                    both || i % 2 == 0 ? type : DType.F32,
                    both || i % 2 == 1 ? type : DType.F32,
                    pick(random),
                    pick(random),
                    pick(random),
                    random);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 11})
    void randomProductsInDoublePrecision(int seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 40; i++) {
            check(
                    DType.F64,
                    DType.F64,
                    DType.F64,
                    pick(random),
                    pick(random),
                    pick(random),
                    random);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"150,70,1601", "300,37,770", "13,600,800", "9,1100,50", "200,16,2100"})
    void productsOfSeveralBlocks(String shape) {
        String[] sizes = shape.split(",");
        Random random = new Random(shape.hashCode());
        check(
                DType.F32,
                DType.F32,
                DType.F32,
                Integer.parseInt(sizes[0]),
                Integer.parseInt(sizes[1]),
                Integer.parseInt(sizes[2]),
                random);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 8, 9, 16, 17})
    void aVectorOrAFewTimesALongMatrix(int few) {
        Random random = new Random(few);
        for (int i = 0; i < 4; i++) {
            DType type = i % 3 == 0 ? DType.BF16 : DType.F32;
            check(DType.F32, DType.F32, type, few, 91, 1100 + i, random);
            check(DType.F32, type, DType.F32, 91, few, 2048 + 16 * i, random);
        }
    }

    private static int pick(Random random) {
        return SIZES[random.nextInt(SIZES.length)];
    }

    /// One product of random layouts, options and batch against sums in double precision.
    private static void check(
            DType own, DType typeA, DType typeB, int m, int n, int k, Random random) {
        try (Arena arena = Arena.ofConfined()) {
            int batch = random.nextInt(3) == 0 ? random.nextInt(1, 6) : 1;
            boolean add = random.nextBoolean();
            boolean biased = random.nextBoolean();
            Operand a = Operand.random(arena, typeA, batch, m, k, random.nextInt(3) == 0, random);
            Operand b = Operand.random(arena, typeB, batch, k, n, random.nextInt(3) == 0, random);
            Operand c = Operand.result(arena, own, batch, m, n, random.nextInt(3), random);
            Operand bias = Operand.dense(arena, own, 1, n, random);
            String what =
                    "M=%d N=%d K=%d batch=%d A %s %d,%d,%d B %s %d,%d,%d add=%b bias=%b"
                            .formatted(
                                    m,
                                    n,
                                    k,
                                    batch,
                                    typeA,
                                    a.rowStride,
                                    a.columnStride,
                                    a.batchStride,
                                    typeB,
                                    b.rowStride,
                                    b.columnStride,
                                    b.batchStride,
                                    add,
                                    biased);
            double[] expected = new double[batch * m * n];
            double[] tolerance = new double[batch * m * n];
            double unit = own == DType.F64 ? 0x1p-52 : 0x1p-23;
            for (int e = 0; e < expected.length; e++) {
                int item = e / (m * n);
                int i = e / n % m;
                int j = e % n;
                double sum = add ? c.get(item, i, j) : 0;
                double size = Math.abs(sum);
                for (int q = 0; q < k; q++) {
                    double product = a.get(item, i, q) * b.get(item, q, j);
                    sum += product;
                    size += Math.abs(product);
                }
                sum += biased ? bias.get(0, 0, j) : 0;
                expected[e] = sum;
                tolerance[e] = unit * (2 + Math.sqrt(k)) * (1 + size);
            }
            GemmCall call =
                    new GemmCall()
                            .shape(m, n, k)
                            .c(c.address(), c.rowStride)
                            .batch(batch, a.batchStride, b.batchStride, c.batchStride)
                            .bias(biased ? bias.address() : 0)
                            .accumulate(add);
            if (own == DType.F64) {
                call.a(a.address(), a.rowStride, a.columnStride);
                call.b(b.address(), b.rowStride, b.columnStride);
                GEMM.dgemm(call);
            } else {
                call.a(typeA, a.address(), a.rowStride, a.columnStride);
                call.b(typeB, b.address(), b.rowStride, b.columnStride);
                GEMM.sgemm(call);
            }
            for (int e = 0; e < expected.length; e++) {
                double actual = c.get(e / (m * n), e / n % m, e % n);
                assertThat(actual)
                        .as("element %d of %s", e, what)
                        .isCloseTo(expected[e], within(tolerance[e]));
            }
            assertThat(c.numbers()).as("elements written by " + what).isEqualTo(expected.length);
        }
    }

    @Test
    void withNothingToSumTheResultIsZeroOrWhatWasThere() {
        try (Arena arena = Arena.ofConfined()) {
            Random random = new Random(1);
            Operand c = Operand.result(arena, DType.F32, 2, 3, 5, 2, random);
            Operand bias = Operand.dense(arena, DType.F32, 1, 5, random);
            double before = c.get(1, 2, 4);
            GemmCall call =
                    new GemmCall()
                            .shape(3, 5, 0)
                            .c(c.address(), c.rowStride)
                            .batch(2, 0, 0, c.batchStride);
            GEMM.sgemm(call.accumulate(true).bias(bias.address()));
            assertThat(c.get(1, 2, 4)).isEqualTo((float) (before + bias.get(0, 0, 4)));
            GEMM.sgemm(call.accumulate(false).bias(0));
            assertThat(c.get(1, 2, 4)).isZero();
            assertThat(c.get(0, 0, 0)).isZero();
            assertThat(c.numbers()).isEqualTo(30);
        }
    }

    @Test
    void emptyResultsAreLeftAlone() {
        GEMM.sgemm(new GemmCall().shape(0, 5, 7));
        GEMM.sgemm(new GemmCall().shape(5, 0, 7));
        GEMM.dgemm(new GemmCall().shape(5, 5, 7).batch(0, 0, 0, 0));
    }

    @Test
    void everyHalfPrecisionNumberIsReadExactly() {
        try (Arena arena = Arena.ofConfined()) {
            for (DType type : new DType[] {DType.F16, DType.BF16}) {
                long source = arena.allocate(2 * 65_536, 64).address();
                long target = arena.allocate(4 * 65_536, 64).address();
                for (int i = 0; i < 65_536; i++) {
                    Lanes.ALL.set(ValueLayout.JAVA_SHORT, source + 2L * i, (short) i);
                }
                Widen.row(type, source, target, 65_536);
                for (int i = 0; i < 65_536; i++) {
                    float expected =
                            type == DType.F16
                                    ? Float.float16ToFloat((short) i)
                                    : Float.intBitsToFloat(i << 16);
                    float actual = Lanes.ALL.get(ValueLayout.JAVA_FLOAT, target + 4L * i);
                    assertThat(Float.floatToIntBits(actual))
                            .as("%s %04x", type, i)
                            .isEqualTo(Float.floatToIntBits(expected));
                }
            }
        }
    }

    @Test
    void infinitiesAndNansGoWhereTheyBelong() {
        try (Arena arena = Arena.ofConfined()) {
            Random random = new Random(2);
            for (int m : new int[] {1, 20}) {
                Operand a = Operand.dense(arena, DType.F32, m, 40, random);
                Operand b = Operand.transposed(arena, DType.F32, 40, 70, random);
                Operand c = Operand.result(arena, DType.F32, 1, m, 70, 0, random);
                b.set(39, 69, Double.NaN);
                b.set(3, 10, Double.POSITIVE_INFINITY);
                GEMM.sgemm(
                        new GemmCall()
                                .shape(m, 70, 40)
                                .a(a.address(), a.rowStride, a.columnStride)
                                .b(b.address(), b.rowStride, b.columnStride)
                                .c(c.address(), c.rowStride));
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < 70; j++) {
                        double value = c.get(0, i, j);
                        assertThat(Double.isNaN(value)).isEqualTo(j == 69);
                        assertThat(Double.isInfinite(value)).isEqualTo(j == 10);
                    }
                }
            }
        }
    }

    @Test
    void mistakesAreNamed() {
        assertThatThrownBy(() -> new GemmCall().shape(-1, 2, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("M=-1");
        assertThatThrownBy(() -> new GemmCall().shape(1, 2, 3).batch(2, 1, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("batch of 2");
        assertThatThrownBy(() -> GEMM.sgemm(new GemmCall().shape(2, 2, 2).a(64, 2, 1).c(64, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("B has no address");
        GemmCall overlapping = new GemmCall().shape(2, 8, 2).a(64, 2, 1).b(64, 8, 1).c(64, 7);
        assertThatThrownBy(() -> GEMM.sgemm(overlapping))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("7 elements apart");
        GemmCall ints = new GemmCall().shape(2, 2, 2).a(DType.I32, 64, 2, 1).b(64, 2, 1).c(64, 2);
        assertThatThrownBy(() -> GEMM.sgemm(ints))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("A is I32");
        GemmCall half = new GemmCall().shape(2, 2, 2).a(64, 2, 1).b(DType.F16, 64, 2, 1).c(64, 2);
        assertThatThrownBy(() -> GEMM.dgemm(half))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("B is F16");
    }
}
