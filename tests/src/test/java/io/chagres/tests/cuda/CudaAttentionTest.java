package io.chagres.tests.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.kernels.gpu.CudaBackend;
import io.chagres.kernels.gpu.driver.CudaLibrary;
import io.chagres.ptx.Buffer;
import io.chagres.ptx.Gpu;
import io.chagres.ptx.driver.FakeCuda;
import io.chagres.ptx.machine.Checks;
import io.chagres.ptx.machine.Dim3;
import io.chagres.ptx.machine.Traffic;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Attention;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Attention on tensor cores at the sizes it is made for, under every check of the interpreter, and
/// what it moves.
class CudaAttentionTest {
    private static final double SCALE = 0.25;
    private static final AtomicReference<String> PTX = new AtomicReference<>();
    private static final FakeCuda CUDA =
            FakeCuda.builder()
                    .checks(Checks.STRICT.withOrder(Checks.Order.RANDOM, 7))
                    .transform(CudaAttentionTest::remember)
                    .build();
    private static final CudaBackend GPU = new CudaBackend(CudaLibrary.of(CUDA.lookup()), 0, true);

    @AfterAll
    static void close() {
        GPU.close();
        CUDA.close();
    }

    private static String remember(String ptx) {
        if (ptx.contains(".entry attention_bf16_64")) {
            PTX.set(ptx);
        }
        return ptx;
    }

    /// B, T, S, H, Hkv, D, Dv, causal, window, offsets of packed sequences.
    record Sizes(
            int b,
            int t,
            int s,
            int h,
            int kv,
            int d,
            int dv,
            boolean causal,
            int window,
            int... cu) {
        @Override
        public String toString() {
            return "B %d, T %d, S %d, H %d/%d, D %d/%d%s, window %d, packed %s"
                    .formatted(
                            b,
                            t,
                            s,
                            h,
                            kv,
                            d,
                            dv,
                            causal ? ", causal" : "",
                            window,
                            Arrays.toString(cu));
        }
    }

    static Stream<Sizes> sizes() {
        return Stream.of(
                new Sizes(1, 64, 128, 1, 1, 64, 64, false, 0),
                new Sizes(2, 70, 197, 2, 1, 64, 64, true, 0),
                new Sizes(1, 130, 130, 4, 2, 128, 128, true, 0),
                new Sizes(1, 3, 200, 2, 2, 128, 64, false, 0),
                new Sizes(1, 140, 60, 1, 1, 80, 96, true, 0),
                new Sizes(1, 200, 200, 1, 1, 64, 64, true, 66),
                new Sizes(1, 90, 150, 1, 1, 32, 24, false, 20),
                new Sizes(1, 193, 193, 2, 1, 64, 64, true, 0, 0, 5, 5, 130, 193),
                new Sizes(1, 150, 150, 1, 1, 128, 128, false, 70, 0, 70, 140));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void equalsTheDecompositionInBf16(Sizes z) {
        check(z, DType.BF16, 8e-3);
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void equalsTheDecompositionInF16(Sizes z) {
        check(z, DType.F16, 1.2e-3);
    }

    private static double[] random(long seed, int... dims) {
        int n = Arrays.stream(dims).reduce(1, (x, y) -> x * y);
        return new SplittableRandom(seed).doubles(n, -2, 2).toArray();
    }

    private static double[][] run(Backend backend, Sizes z, DType dtype, double[]... qkv) {
        boolean packed = z.cu.length > 0;
        try (TensorArena inputs = backend.arena("inputs", 1 << 24);
                TensorArena step = backend.arena("attention", 1 << 24)) {
            Tensor[] in = new Tensor[packed ? 4 : 3];
            in[0] = TensorData.copyOf(inputs, dtype, Shape.of(z.b, z.t, z.h, z.d), qkv[0]);
            in[1] = TensorData.copyOf(inputs, dtype, Shape.of(z.b, z.s, z.kv, z.d), qkv[1]);
            in[2] = TensorData.copyOf(inputs, dtype, Shape.of(z.b, z.s, z.kv, z.dv), qkv[2]);
            if (packed) {
                in[3] = TensorData.copyOf(inputs, Shape.of(z.cu.length), z.cu);
            }
            Attention op = new Attention(SCALE, z.causal, z.window, false, packed, 0);
            if (dtype.isNarrow()) {
                assertThat(GPU.kernels().find(op, in)).as("a kernel for %s", z).isNotNull();
            }
            double[][] out = run(step, op, in);
            return new double[][] {
                out[0], out[1], in[0].toDoubles(), in[1].toDoubles(), in[2].toDoubles()
            };
        }
    }

    private static void check(Sizes z, DType dtype, double tolerance) {
        double[][] got =
                run(
                        GPU,
                        z,
                        dtype,
                        random(1, z.b, z.t, z.h, z.d),
                        random(2, z.b, z.s, z.kv, z.d),
                        random(3, z.b, z.s, z.kv, z.dv));
        double[][] want = run(new ReferenceBackend(), z, DType.F64, got[2], got[3], got[4]);
        close("output", got[0], want[0], tolerance);
        close("log-sum-exp", got[1], want[1], 1e-5);
    }

    private static void close(String what, double[] got, double[] want, double tolerance) {
        assertThat(got).hasSameSizeAs(want);
        for (int i = 0; i < got.length; i++) {
            if (got[i] != want[i]) {
                assertThat(Math.abs(got[i] - want[i]))
                        .as("%s %d: %s, expected %s", what, i, got[i], want[i])
                        .isLessThanOrEqualTo(tolerance * Math.max(1, Math.abs(want[i])));
            }
        }
    }

    @Test
    void readsHeadsWhereTheyLie() {
        try (TensorArena inputs = GPU.arena("inputs", 1 << 22);
                TensorArena arena = GPU.arena("strided", 1 << 22)) {
            Tensor all =
                    TensorData.copyOf(
                            inputs, DType.BF16, Shape.of(2, 70, 4, 64), random(4, 2, 70, 4, 64));
            Attention op = new Attention(SCALE, true, 0, false, false, 0);
            Tensor[] parts =
                    arena.call(() ->
                            new Tensor[] {
                                all.slice(2, 0, 2), all.slice(2, 2, 1), all.slice(2, 3, 1)
                            });
            assertThat(GPU.kernels().find(op, parts)).isNotNull();
            double[][] strided = run(arena, op, parts);
            double[][] copied =
                    arena.call(() -> values(op, Stream.of(parts).map(Tensor::contiguous)));
            assertThat(copied).isDeepEqualTo(strided);
        }
    }

    private static double[][] run(TensorArena arena, Attention op, Tensor... in) {
        return arena.call(() -> values(op, Stream.of(in)));
    }

    private static double[][] values(Attention op, Stream<Tensor> in) {
        return Stream.of(Interpreter.runAll(op, in.toArray(Tensor[]::new)))
                .map(Tensor::toDoubles)
                .toArray(double[][]::new);
    }

    /// Every element of q, k and v once for each block that needs it, whole sectors, every output
    /// once, and no bank of shared memory twice at a time.
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"BF16", "F16"})
    void movesNoMoreThanItMust(DType dtype) {
        for (int d : new int[] {64, 128}) {
            Traffic traffic = traffic(dtype, d, 128, 192);
            assertThat(traffic.globalBytesRead()).isEqualTo(2L * d * (128 + 2 * 2 * 192));
            assertThat(traffic.globalBytesWritten()).isEqualTo(128 * (2L * d + 4));
            assertThat(traffic.sectorExcess()).isEqualTo(1);
            assertThat(traffic.sharedWavefronts()).isEqualTo(traffic.sharedWavefrontsIdeal());
        }
    }

    private static Traffic traffic(DType dtype, int d, int t, int s) {
        if (PTX.get() == null) {
            check(new Sizes(1, 1, 1, 1, 1, 64, 64, false, 0), DType.BF16, 8e-3);
        }
        Gpu machine = new Gpu(Checks.STRICT);
        Gpu.Module module = machine.load(PTX.get());
        String name = "attention_" + dtype.name().toLowerCase(Locale.ROOT) + "_" + d;
        try (Buffer q = machine.buffer("q", new short[t * d]);
                Buffer k = machine.buffer("k", new short[s * d]);
                Buffer v = machine.buffer("v", new short[s * d]);
                Buffer o = machine.buffer("o", 2L * t * d);
                Buffer lse = machine.buffer("lse", 4L * t)) {
            ByteBuffer call = ByteBuffer.allocate(160).order(ByteOrder.LITTLE_ENDIAN);
            for (Buffer b : new Buffer[] {q, k, v, o, lse}) {
                call.putLong(b.address());
            }
            call.putLong(0);
            for (int rows : new int[] {t, s, s}) {
                call.putLong((long) rows * d).putLong(d).putLong(d);
            }
            for (int x : new int[] {t, s, 1, 1, d, d, 0, 0, 0}) {
                call.putInt(x);
            }
            call.putFloat((float) SCALE);
            return Objects.requireNonNull(
                    machine.launch(
                                    module.kernel(name),
                                    Dim3.of((t + 63) / 64),
                                    Dim3.of(128),
                                    512 * d,
                                    call.array())
                            .traffic());
        }
    }

    @Test
    void whatItDoesNotTakeIsDecomposed() {
        try (TensorArena arena = GPU.arena("declined", 1 << 20)) {
            Tensor x = TensorData.copyOf(arena, DType.BF16, Shape.of(1, 4, 2, 8), random(1, 64));
            Tensor odd = TensorData.copyOf(arena, DType.BF16, Shape.of(1, 4, 2, 4), random(1, 32));
            Tensor wide = TensorData.copyOf(arena, DType.F32, Shape.of(1, 4, 2, 8), random(1, 64));
            Tensor large =
                    TensorData.copyOf(arena, DType.BF16, Shape.of(1, 4, 2, 136), random(1, 1088));
            Attention plain = new Attention(SCALE, true, 0, false, false, 0);
            assertThat(GPU.kernels().find(plain, new Tensor[] {x, x, x})).isNotNull();
            for (Tensor t : new Tensor[] {odd, wide, large}) {
                assertThat(GPU.kernels().find(plain, new Tensor[] {t, t, t})).isNull();
            }
            Attention negative = new Attention(-1, true, 0, false, false, 0);
            assertThat(GPU.kernels().find(negative, new Tensor[] {x, x, x})).isNull();
            Attention masked = new Attention(SCALE, true, 0, true, false, 0);
            assertThat(GPU.kernels().find(masked, new Tensor[] {x, x, x, x})).isNull();
        }
    }
}
