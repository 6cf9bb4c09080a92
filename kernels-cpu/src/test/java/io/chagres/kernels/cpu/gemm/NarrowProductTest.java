package io.chagres.kernels.cpu.gemm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.kernels.cpu.machine.Feature;
import io.chagres.kernels.cpu.machine.MachineCode;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Products of BF16 and of bytes, by machine code where this processor has the instructions, and by
/// the Vector API.
@Tag("width")
class NarrowProductTest {
    private static final int[] SIZES = {
        1, 2, 3, 5, 7, 9, 11, 12, 13, 15, 16, 17, 24, 31, 32, 33, 47, 63, 64, 65, 67, 97
    };
    private static final WorkerPool POOL = new WorkerPool(2);
    private static final Gemm MACHINE = new Gemm(POOL);
    private static final Gemm VECTORS = new Gemm(POOL, false);
    private static final WorkerPool SOLO = new WorkerPool(1);
    private static final Gemm ALONE = new Gemm(SOLO);

    @AfterAll
    static void close() {
        POOL.close();
        SOLO.close();
    }

    @ParameterizedTest
    @CsvSource({"F32, AVX2", "BF16, AVX512_BF16", "I8, AVX512_VNNI"})
    void theProcessorsOwnProductsAreUsed(Format format, Feature needed) {
        assumeTrue(MachineCode.has(needed), format + " is not tested: no " + needed + " here");
        boolean narrow = format != Format.F32;
        assumeTrue(Lanes.BITS == (narrow ? 512 : Math.clamp(Lanes.BITS, 256, 512)), "other width");
        assertThat(MachineEngine.create(format)).isNotNull();
    }

    private static int pick(Random random) {
        return SIZES[random.nextInt(SIZES.length)];
    }

    private static RandomProduct random(Arena arena, DType type, Random random) {
        boolean large = random.nextInt(20) == 0;
        int m = large ? 29 : pick(random);
        int n = large ? 37 : pick(random);
        int k = large ? 4096 + pick(random) : pick(random);
        return new RandomProduct(arena, type, type, m, n, k, random);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void productsOfBf16AreWithinRounding(int seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 25; i++) {
            try (Arena arena = Arena.ofConfined()) {
                RandomProduct p = random(arena, DType.BF16, random);
                checkFloats(p, p.run(MACHINE, DType.F32), "machine code");
                checkFloats(p, p.run(VECTORS, DType.F32), "vectors");
            }
        }
    }

    private static void checkFloats(RandomProduct p, Operand c, String how) {
        Operand before = p.result(DType.F32);
        for (int e = 0; e < p.batch * p.m * p.n; e++) {
            int item = e / (p.m * p.n);
            int i = e / p.n % p.m;
            int j = e % p.n;
            double sum = p.add ? before.get(item, i, j) : 0;
            double size = Math.abs(sum);
            for (int q = 0; q < p.k; q++) {
                double product = p.a.get(item, i, q) * p.b.get(item, q, j);
                sum += product;
                size += Math.abs(product);
            }
            sum += p.bias(j);
            double tolerance = 0x1p-23 * (2 + Math.sqrt(p.k)) * (1 + size);
            if (!(Math.abs(c.get(item, i, j) - sum) <= tolerance)) {
                fail(
                        "%d,%d,%d of %s by %s is %s, not %s"
                                .formatted(item, i, j, p, how, c.get(item, i, j), sum));
            }
        }
        assertThat(c.numbers()).as("elements of %s", p).isEqualTo((long) p.batch * p.m * p.n);
    }

    /// Sums in BF16 are those in F32, rounded once.
    @ParameterizedTest
    @ValueSource(ints = {10, 11, 12})
    void resultsInBf16AreRoundedOnce(int seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 25; i++) {
            try (Arena arena = Arena.ofConfined()) {
                DType type = i % 2 == 0 ? DType.BF16 : DType.F32;
                RandomProduct p = random(arena, type, random);
                for (Gemm gemm : List.of(MACHINE, VECTORS)) {
                    Operand narrow = p.run(gemm, DType.BF16);
                    assertThat(narrow.numbers()).isEqualTo((long) p.batch * p.m * p.n);
                    if (p.add) {
                        continue; // what C held before was not the same number
                    }
                    Operand wide = p.run(gemm, DType.F32);
                    for (int e = 0; e < p.batch * p.m * p.n; e++) {
                        int item = e / (p.m * p.n);
                        float exact = (float) wide.get(item, e / p.n % p.m, e % p.n);
                        float rounded = Float.intBitsToFloat(Output.narrow(exact) << 16);
                        if ((float) narrow.get(item, e / p.n % p.m, e % p.n) != rounded) {
                            fail("element %d of %s is not %s".formatted(e, p, rounded));
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 21, 22, 23})
    void productsOfBytesAreExact(int seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 25; i++) {
            try (Arena arena = Arena.ofConfined()) {
                RandomProduct p = random(arena, DType.I8, random);
                Operand c = p.run(MACHINE, DType.I32);
                checkIntegers(p, c);
                assertThat(p.run(VECTORS, DType.I32).bits()).as("%s", p).isEqualTo(c.bits());
            }
        }
    }

    private static void checkIntegers(RandomProduct p, Operand c) {
        Operand before = p.result(DType.I32);
        for (int e = 0; e < p.batch * p.m * p.n; e++) {
            int item = e / (p.m * p.n);
            int i = e / p.n % p.m;
            int j = e % p.n;
            int sum = p.add ? (int) before.get(item, i, j) : 0;
            for (int q = 0; q < p.k; q++) {
                sum += (int) p.a.get(item, i, q) * (int) p.b.get(item, q, j);
            }
            double expected = sum;
            if (p.isScaled()) {
                float scaled = sum * (float) p.rowScale.get(0, 0, item * p.m + i);
                expected = scaled * (float) p.columnScale.get(0, 0, j) + (float) p.bias(j);
            }
            if (c.get(item, i, j) != expected) {
                fail(
                        "%d,%d,%d of %s is %s, not %s"
                                .formatted(item, i, j, p, c.get(item, i, j), expected));
            }
        }
        assertThat(c.numbers()).as("elements of %s", p).isEqualTo((long) p.batch * p.m * p.n);
    }

    @Test
    void extremeBytesDoNotSaturate() {
        try (Arena arena = Arena.ofConfined()) {
            int k = 1000;
            Operand a = Operand.dense(arena, DType.I8, 20, k, new Random(1));
            Operand b = Operand.transposed(arena, DType.I8, k, 40, new Random(1));
            for (int q = 0; q < k; q++) {
                for (int i = 0; i < 20; i++) {
                    a.set(i, q, i % 2 == 0 ? -128 : 127);
                }
                for (int j = 0; j < 40; j++) {
                    b.set(q, j, j % 2 == 0 ? -128 : 127);
                }
            }
            for (Gemm gemm : List.of(MACHINE, VECTORS)) {
                Operand c = Operand.result(arena, DType.I32, 1, 20, 40, 0, new Random(2));
                gemm.igemm(
                        new GemmCall()
                                .shape(20, 40, k)
                                .a(a.address(), k, 1)
                                .b(b.address(), 1, k)
                                .c(c.address(), 40));
                assertThat(c.get(0, 0, 0)).isEqualTo(128 * 128 * k);
                assertThat(c.get(0, 19, 0)).isEqualTo(-128 * 127 * k);
                assertThat(c.get(0, 19, 39)).isEqualTo(127 * 127 * k);
            }
        }
    }

    @Test
    void theNumberOfThreadsDoesNotMatter() {
        Random random = new Random(30);
        for (DType type : List.of(DType.BF16, DType.I8)) {
            for (int i = 0; i < 30; i++) {
                try (Arena arena = Arena.ofConfined()) {
                    RandomProduct p = random(arena, type, random);
                    DType result = type == DType.I8 ? DType.I32 : DType.BF16;
                    assertThat(p.run(MACHINE, result).bits())
                            .as("%s", p)
                            .isEqualTo(p.run(ALONE, result).bits());
                }
            }
        }
    }

    /// In F32, machine code and the Vector API give the same bits.
    @ParameterizedTest
    @ValueSource(ints = {40, 41, 42, 43})
    void machineCodeAndVectorsAgreeToTheBit(int seed) {
        Random random = new Random(seed);
        DType[] types = {DType.F32, DType.BF16, DType.F16};
        for (int i = 0; i < 40; i++) {
            try (Arena arena = Arena.ofConfined()) {
                DType typeA = types[random.nextInt(3)];
                DType typeB = typeA == DType.BF16 ? DType.F32 : types[random.nextInt(3)];
                boolean large = random.nextInt(20) == 0;
                int k = large ? 2100 : pick(random);
                int m = pick(random);
                int n = pick(random);
                RandomProduct p = new RandomProduct(arena, typeA, typeB, m, n, k, random);
                DType result = random.nextBoolean() ? DType.F32 : DType.BF16;
                assertThat(p.run(MACHINE, result).bits())
                        .as("%s", p)
                        .isEqualTo(p.run(VECTORS, result).bits());
            }
        }
    }

    @Test
    void withNothingToSumTheResultIsZeroOrWhatWasThere() {
        try (Arena arena = Arena.ofConfined()) {
            Random random = new Random(50);
            Operand ints = Operand.result(arena, DType.I32, 1, 3, 5, 1, random);
            double before = ints.get(0, 2, 4);
            GemmCall call = new GemmCall().shape(3, 5, 0).c(ints.address(), ints.rowStride);
            MACHINE.igemm(call.accumulate(true));
            assertThat(ints.get(0, 2, 4)).isEqualTo(before);
            MACHINE.igemm(call.accumulate(false));
            assertThat(ints.get(0, 2, 4)).isZero();
            Operand narrow = Operand.result(arena, DType.BF16, 1, 3, 5, 1, random);
            before = narrow.get(0, 2, 4);
            call.c(DType.BF16, narrow.address(), narrow.rowStride);
            MACHINE.sgemm(call.accumulate(true));
            assertThat(narrow.get(0, 2, 4)).isEqualTo(before);
        }
    }

    @Test
    void roundingIsToNearestEven() {
        assertThat(Output.narrow(1 + 0x1p-8f)).isEqualTo((short) 0x3f80);
        assertThat(Output.narrow(1 + 0x3p-8f)).isEqualTo((short) 0x3f82);
        assertThat(Output.narrow(Math.nextUp(1 + 0x1p-8f))).isEqualTo((short) 0x3f81);
        assertThat(Output.narrow(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
        assertThat(Output.narrow(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xff80);
        assertThat(Output.narrow(-Float.MIN_VALUE)).isEqualTo((short) 0x8000);
        assertThat(Output.narrow(Float.intBitsToFloat(0x7f800001))).isEqualTo((short) 0x7fc0);
    }

    @Test
    void mistakesAreNamed() {
        GemmCall call = new GemmCall().shape(2, 2, 2).a(64, 2, 1).b(64, 2, 1);
        assertThatThrownBy(() -> MACHINE.igemm(call.c(64, 2).scales(64, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("scales");
        assertThatThrownBy(() -> MACHINE.igemm(call.scales(64, 64).accumulate(true)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not added");
        GemmCall grouped = new GemmCall().shape(2, 2, 12).a(64, 12, 1).b(64, 1, 12);
        assertThatThrownBy(() -> MACHINE.igemm(grouped.c(64, 2).scales(64, 64, 6)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("groups of 6");
        assertThatThrownBy(() -> MACHINE.sgemm(call))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("scales are for products of I8");
        GemmCall biased = new GemmCall().shape(2, 2, 2).a(64, 2, 1).b(64, 2, 1).bias(64);
        assertThatThrownBy(() -> MACHINE.igemm(biased.c(64, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("bias");
        assertThatThrownBy(() -> MACHINE.sgemm(biased.c(DType.F16, 64, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("C is F16");
        assertThatThrownBy(() -> MACHINE.igemm(biased.a(DType.F32, 64, 2, 1).c(64, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("A is F32");
    }
}
