package io.chagres.kernels.cpu.gemm;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.DType;
import java.io.BufferedReader;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Same operands, same bits: whatever the number of threads, the state of the compiler, the vector
/// width, and the company a row is in.
@Tag("width")
class GemmBitsTest {
    /// M, N, K, and the layouts of A and B: by rows or transposed.
    private static final String[] PRODUCTS = {
        "64,64,64,n,n", "150,200,100,n,n", "131,97,1000,n,t", "300,80,800,t,n", "3,700,900,n,t",
        "20,1500,130,n,n", "1,2000,500,n,n", "1,900,1025,n,t", "700,1,333,n,n", "900,6,400,n,t",
        "29,31,37,t,t", "257,129,65,t,t"
    };

    /// Checksums of the results, which are the same on every machine.
    private static final long SINGLE = 3_977_158_343L;

    private static final long DOUBLE = 4_254_610_366L;

    private record Case(int m, int n, int k, Operand a, Operand b, Operand bias, DType type) {
        static Case of(String text, DType type, Arena arena) {
            String[] f = text.split(",");
            int m = Integer.parseInt(f[0]);
            int n = Integer.parseInt(f[1]);
            int k = Integer.parseInt(f[2]);
            Random random = new Random(text.hashCode());
            Operand a =
                    f[3].equals("n")
                            ? Operand.dense(arena, type, m, k, random)
                            : Operand.transposed(arena, type, m, k, random);
            Operand b =
                    f[4].equals("n")
                            ? Operand.dense(arena, type, k, n, random)
                            : Operand.transposed(arena, type, k, n, random);
            return new Case(m, n, k, a, b, Operand.dense(arena, type, 1, n, random), type);
        }

        byte[] run(Gemm gemm, Arena arena) {
            Operand c = Operand.result(arena, type, 1, m, n, 0, new Random(0));
            GemmCall call =
                    new GemmCall()
                            .shape(m, n, k)
                            .a(a.address(), a.rowStride, a.columnStride)
                            .b(b.address(), b.rowStride, b.columnStride)
                            .c(c.address(), c.rowStride)
                            .bias(bias.address());
            if (type == DType.F64) {
                gemm.dgemm(call);
            } else {
                gemm.sgemm(call);
            }
            return c.bits();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void theNumberOfThreadsDoesNotMatter(int threads) {
        try (Arena arena = Arena.ofConfined();
                WorkerPool one = new WorkerPool(1);
                WorkerPool several = new WorkerPool(threads)) {
            Gemm alone = new Gemm(one);
            Gemm together = new Gemm(several);
            for (DType type : new DType[] {DType.F32, DType.F64}) {
                for (String product : PRODUCTS) {
                    Case c = Case.of(product, type, arena);
                    assertThat(c.run(together, arena))
                            .as("%s in %s on %d threads", product, type, threads)
                            .isEqualTo(c.run(alone, arena));
                }
            }
        }
    }

    @Test
    void warmthDoesNotMatter() {
        try (Arena arena = Arena.ofConfined();
                WorkerPool pool = new WorkerPool(1)) {
            Gemm gemm = new Gemm(pool);
            for (String product : new String[] {"29,70,61,n,t", "2,70,61,n,t", "1,70,61,n,n"}) {
                Case c = Case.of(product, DType.F32, arena);
                byte[] first = c.run(gemm, arena);
                for (int i = 0; i < 300; i++) {
                    assertThat(c.run(gemm, arena)).as("run %d of %s", i, product).isEqualTo(first);
                }
            }
        }
    }

    /// Sizes that fill no tile, panel, vector or step, and those that just do.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "16,20,139,t,n", "25,32,769,t,n", "100,19,69,n,n", "65,17,1415,n,n", "13,33,5,n,n",
                "37,8,40,t,n", "14,24,102,n,n", "97,257,1,n,n", "60,41,300,t,n", "23,309,76,t,n",
                "1,435,90,n,n", "1,2100,23,n,n", "1,7,3,n,n", "1,64,8,n,n", "435,1,90,t,n",
                "15,69,137,n,t", "9,85,792,n,t", "1,359,1003,n,t", "16,22,20,n,t", "6,4,7,n,t",
                "7,3,33,n,t", "70,5,17,n,t", "70,5,16,n,t", "70,16,100,n,n", "40,12,95,n,t",
                "40,12,96,n,t", "16,100,330,n,n", "1,9000,9,n,n"
            })
    void machineCodeDoesNotMatter(String product) {
        try (Arena arena = Arena.ofConfined();
                WorkerPool pool = new WorkerPool(1)) {
            Case c = Case.of(product, DType.F32, arena);
            assertThat(c.run(new Gemm(pool, true), arena))
                    .isEqualTo(c.run(new Gemm(pool, false), arena));
        }
    }

    /// As above without a bias, where results may be written as they come.
    @ParameterizedTest
    @ValueSource(strings = {"1,435,90,n,n", "15,69,137,n,t", "3,9,40,n,t", "65,17,141,n,n"})
    void nothingIsWrittenBesideTheResult(String product) {
        try (Arena arena = Arena.ofConfined();
                WorkerPool pool = new WorkerPool(1)) {
            Case c = Case.of(product, DType.F32, arena);
            int gap = 5;
            Operand out = Operand.result(arena, DType.F32, 1, c.m, c.n, gap, new Random(3));
            Operand same = Operand.result(arena, DType.F32, 1, c.m, c.n, gap, new Random(3));
            GemmCall call =
                    new GemmCall()
                            .shape(c.m, c.n, c.k)
                            .a(c.a.address(), c.a.rowStride, c.a.columnStride)
                            .b(c.b.address(), c.b.rowStride, c.b.columnStride);
            new Gemm(pool, true).sgemm(call.c(out.address(), out.rowStride));
            new Gemm(pool, false).sgemm(call.c(same.address(), same.rowStride));
            assertThat(out.bits()).isEqualTo(same.bits());
            assertThat(out.numbers()).isEqualTo((long) c.m * c.n);
        }
    }

    @Test
    void resultsAreTheSameOnEveryMachineAndAtEveryVectorWidth() {
        assertThat(checksum(DType.F32)).isEqualTo(SINGLE);
        assertThat(checksum(DType.F64)).isEqualTo(DOUBLE);
    }

    private static long checksum(DType type) {
        try (Arena arena = Arena.ofConfined();
                WorkerPool pool = new WorkerPool(2)) {
            Gemm gemm = new Gemm(pool);
            CRC32 crc = new CRC32();
            for (String product : PRODUCTS) {
                crc.update(Case.of(product, type, arena).run(gemm, arena));
            }
            return crc.getValue();
        }
    }

    @Test
    void aRowDecodedInABatchIsTheRowDecodedAlone() {
        try (Arena arena = Arena.ofConfined();
                WorkerPool pool = new WorkerPool(2)) {
            Gemm gemm = new Gemm(pool);
            int n = 333;
            int k = 1500;
            Random random = new Random(5);
            Operand x = Operand.dense(arena, DType.F32, 16, k, random);
            Operand w = Operand.transposed(arena, DType.F32, k, n, random);
            Operand together = Operand.result(arena, DType.F32, 1, 16, n, 0, random);
            Operand alone = Operand.result(arena, DType.F32, 1, 1, n, 0, random);
            gemm.sgemm(
                    new GemmCall()
                            .shape(16, n, k)
                            .a(x.address(), k, 1)
                            .b(w.address(), 1, k)
                            .c(together.address(), n));
            for (int row = 0; row < 16; row++) {
                gemm.sgemm(
                        new GemmCall()
                                .shape(1, n, k)
                                .a(x.address() + 4L * row * k, k, 1)
                                .b(w.address(), 1, k)
                                .c(alone.address(), n));
                for (int j = 0; j < n; j++) {
                    assertThat(together.get(0, row, j)).isEqualTo(alone.get(0, 0, j));
                }
            }
        }
    }

    @Test
    void aBatchIsItsProducts() {
        try (Arena arena = Arena.ofConfined();
                WorkerPool pool = new WorkerPool(2)) {
            Gemm gemm = new Gemm(pool);
            Random random = new Random(6);
            for (int batch : new int[] {2, 3, 8}) {
                int m = 100;
                int n = 90;
                int k = 70;
                Operand a = Operand.dense(arena, DType.F32, batch * m, k, random);
                Operand b = Operand.dense(arena, DType.F32, batch * k, n, random);
                Operand together = Operand.result(arena, DType.F32, batch, m, n, 0, random);
                Operand single = Operand.result(arena, DType.F32, batch, m, n, 0, random);
                GemmCall call = new GemmCall().shape(m, n, k);
                call.a(a.address(), k, 1).b(b.address(), n, 1).c(together.address(), n);
                gemm.sgemm(call.batch(batch, (long) m * k, (long) k * n, (long) m * n));
                for (int i = 0; i < batch; i++) {
                    call.shape(m, n, k)
                            .a(a.address() + 4L * i * m * k, k, 1)
                            .b(b.address() + 4L * i * k * n, n, 1)
                            .c(single.address() + 4L * i * m * n, n);
                    gemm.sgemm(call);
                }
                assertThat(together.bits()).isEqualTo(single.bits());
            }
        }
    }

    @Test
    void manyThreadsMayUseOneGemm() throws Exception {
        try (Arena arena = Arena.ofShared();
                WorkerPool pool = new WorkerPool(3);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Gemm gemm = new Gemm(pool);
            List<Case> cases = new ArrayList<>();
            List<byte[]> expected = new ArrayList<>();
            for (String product : PRODUCTS) {
                Case c = Case.of(product, DType.F32, arena);
                cases.add(c);
                expected.add(c.run(gemm, arena));
            }
            List<Future<byte[]>> results = new ArrayList<>();
            for (int repeat = 0; repeat < 4; repeat++) {
                for (Case c : cases) {
                    results.add(callers.submit(() -> c.run(gemm, arena)));
                }
            }
            for (int i = 0; i < results.size(); i++) {
                assertThat(results.get(i).get()).isEqualTo(expected.get(i % cases.size()));
            }
        }
    }

    @Test
    void aWarmProductAllocatesNothing() throws Exception {
        // In a process of its own: C2 decides by what else a process has done.
        Process probe =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--add-modules=jdk.incubator.vector",
                                "--enable-native-access=ALL-UNNAMED",
                                "-Dchagres.vectorBits=" + Lanes.BITS,
                                "-cp",
                                System.getProperty("java.class.path"),
                                AllocationProbe.class.getName())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try (BufferedReader out = probe.inputReader()) {
            assertThat(out.readLine()).isEqualTo("0");
        }
        assertThat(probe.waitFor()).isZero();
    }
}
