package io.chagres.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.elementwise.Binary;
import io.chagres.kernels.cpu.elementwise.BinaryOp;
import io.chagres.kernels.cpu.elementwise.Dropout;
import io.chagres.kernels.cpu.elementwise.Unary;
import io.chagres.kernels.cpu.elementwise.UnaryOp;
import io.chagres.kernels.cpu.norm.LayerNorm;
import io.chagres.kernels.cpu.norm.RmsNorm;
import io.chagres.kernels.cpu.optim.AdamW;
import io.chagres.kernels.cpu.optim.SumOfSquares;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.rope.Rope;
import io.chagres.kernels.cpu.softmax.CrossEntropy;
import io.chagres.kernels.cpu.softmax.Softmax;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.kernels.cpu.vector.Native;
import io.chagres.tensor.DType;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The bits of row kernels are part of their contract: they are the same at every vector width, for
/// every number of threads, on every machine, and before and after compilation. The hashes below
/// were computed once and hold at 128, 256 and 512 bits; a change of a polynomial or of a tree
/// changes them and, with them, the weights that a seed gives.
@Tag("width")
class RowKernelBitsTest {
    private static final int ROWS = 3;
    private static final int N = 157;
    private static final int SIZE = ROWS * N;
    private static final int CALLS = 20_000;

    // In the order of UnaryOp, of BinaryOp, and of the test.
    private static final long[] UNARY = {
        -6997335657495592453L,
        -8450768665317698030L,
        -7825347616362275723L,
        2445106243642224511L,
        -3823697238196371327L,
        -6954046668508066100L,
        5682552993628733959L,
        7444278166437490152L,
        7500073118064700904L,
        -6301249293769842105L,
        8178412116975031272L,
        -4617787138773065655L,
        8493058481332994502L,
        -846491821157994718L,
        2411209488583104449L,
        -4602900425039849014L
    };

    private static final long[] BINARY = {
        4408851648916065158L,
        -764935865739637352L,
        5309797452868331910L,
        4608330649264723097L,
        -7985336303359827056L,
        -112519546660527656L,
        -1340297061577620299L,
        -5311878455388669887L,
        -174735401917065725L,
        2905793549431365999L,
        -5342101642102613237L,
        4555586795836247556L,
        -1150535503691522814L
    };

    private static final long[] KERNELS = {
        3166823172062540168L,
        -2520325724916773401L,
        -1038905905479408875L,
        6635948270306929958L,
        -2384706323344182561L,
        2719979572294332358L,
        -3653638353837113896L
    };

    @FunctionalInterface
    private interface Kernel {
        /// Computes into an output of 2 SIZE floats from an input of SIZE.
        void run(WorkerPool pool, Native memory, long x, long y);
    }

    @Test
    void unaryFunctions() {
        long[] hashes = new long[UnaryOp.values().length];
        for (UnaryOp op : UnaryOp.values()) {
            hashes[op.ordinal()] = hash((pool, m, x, y) -> Unary.apply(pool, op, x, y, SIZE));
        }
        assertThat(hashes).containsExactly(UNARY);
    }

    @Test
    void binaryFunctions() {
        long[] hashes = new long[BinaryOp.values().length];
        for (BinaryOp op : BinaryOp.values()) {
            hashes[op.ordinal()] =
                    hash((pool, m, x, y) -> Binary.apply(pool, op, x, x + 4, y, SIZE - 1));
        }
        assertThat(hashes).containsExactly(BINARY);
    }

    @Test
    void rowKernels() {
        assertThat(
                        new long[] {
                            hash(RowKernelBitsTest::softmax),
                            hash(RowKernelBitsTest::crossEntropy),
                            hash(RowKernelBitsTest::layerNorm),
                            hash(RowKernelBitsTest::rmsNorm),
                            hash(RowKernelBitsTest::adamW),
                            hash(RowKernelBitsTest::rope),
                            hash((p, m, x, y) -> Dropout.apply(p, x, y, SIZE, 0.2f, 3, 4))
                        })
                .containsExactly(KERNELS);
    }

    @Test
    void bitsStayTheSameWhenTheCompilerHasTakenOver() {
        Kernel[] kernels = {
            (p, m, x, y) -> Unary.apply(p, UnaryOp.GELU_TANH, x, y, SIZE),
            (p, m, x, y) -> Unary.apply(p, UnaryOp.ERF, x, y, SIZE),
            (p, m, x, y) -> Unary.apply(p, UnaryOp.LOG, x, y, SIZE),
            (p, m, x, y) -> Binary.apply(p, BinaryOp.GELU_ERF_GRADIENT, x, x + 4, y, SIZE - 1),
            (p, m, x, y) -> Softmax.forward(p, x, N, y, N, ROWS, N),
            (p, m, x, y) -> Softmax.logForward(p, x, N, y, N, ROWS, N),
            (p, m, x, y) -> LayerNorm.forward(p, x, x, 0, y, y + 4 * SIZE, y, ROWS, N, 1e-5)
        };
        for (int k = 0; k < kernels.length; k++) {
            try (Native memory = new Native(1);
                    WorkerPool pool = new WorkerPool(1)) {
                long x = memory.of(input());
                long y = memory.of(new float[2 * SIZE]);
                kernels[k].run(pool, memory, x, y);
                float[] cold = Native.get(y, 2 * SIZE);
                for (int call = 0; call < CALLS; call++) {
                    kernels[k].run(pool, memory, x, y);
                    if (call % 500 == 0 || call == CALLS - 1) {
                        assertThat(Native.get(y, 2 * SIZE))
                                .as("kernel %s, call %s", k, call)
                                .isEqualTo(cold);
                    }
                }
            }
        }
    }

    private static void softmax(WorkerPool pool, Native memory, long x, long y) {
        Softmax.logForward(pool, x, N, y, N, ROWS, N);
        Softmax.logBackward(pool, x, y, y, ROWS, N);
        Softmax.forward(pool, x, N, y + 4 * SIZE, N, ROWS, N);
        Softmax.backward(pool, y, y + 4 * SIZE, y, ROWS, N);
    }

    private static void crossEntropy(WorkerPool pool, Native memory, long x, long y) {
        long targets = memory.of(5, 150, -100);
        long lse = y + 4 * SIZE;
        long loss = lse + 4 * ROWS;
        CrossEntropy.forward(pool, DType.F32, x, targets, 4, -100, 0.1, loss, lse, ROWS, N, 0);
        CrossEntropy.backward(pool, DType.F32, x, targets, 4, -100, 0.1, lse, loss, 1, y, ROWS, N, 0);
    }

    private static void layerNorm(WorkerPool pool, Native memory, long x, long y) {
        long mean = y + 4 * SIZE;
        long rstd = mean + 4 * ROWS;
        long dw = rstd + 4 * ROWS;
        long scratch = memory.bytes(LayerNorm.backwardScratchBytes(ROWS, N));
        LayerNorm.forward(pool, x, x, 0, y, mean, rstd, ROWS, N, 1e-5);
        LayerNorm.backward(pool, y, x, x, mean, rstd, y, dw, 0, ROWS, N, scratch);
    }

    private static void rmsNorm(WorkerPool pool, Native memory, long x, long y) {
        long rstd = y + 4 * SIZE;
        long dw = rstd + 4 * ROWS;
        long scratch = memory.bytes(RmsNorm.backwardScratchBytes(ROWS, N));
        RmsNorm.forward(pool, x, x, y, rstd, ROWS, N, 1e-5);
        RmsNorm.backward(pool, y, x, x, rstd, y, dw, ROWS, N, scratch);
    }

    private static void adamW(WorkerPool pool, Native memory, long x, long y) {
        long m = memory.of(new float[SIZE]);
        long v = y + 4 * SIZE;
        long scratch = memory.bytes(SumOfSquares.scratchBytes(SIZE));
        double norm = Math.sqrt(SumOfSquares.of(pool, x, SIZE, scratch));
        for (int step = 1; step <= 3; step++) {
            AdamW.step(pool, y, x, m, v, SIZE, 1e-2, 0.9, 0.99, 1e-8, 0.1, step, 1 / norm);
        }
    }

    private static void rope(WorkerPool pool, Native memory, long x, long y) {
        long position = memory.of(0);
        for (int layout = 0; layout < 2; layout++) {
            Rope.rotate(
                    pool,
 DType.F32,
                    x,
                    y + 4L * layout * SIZE,
                    1,
                    1,
                    ROWS,
                    N - 1,
                    N - 7,
                    position,
                    4,
                    0,
                    0,
                    0,
                    x + 4,
                    x + 400,
                    layout == 1,
                    false);
        }
    }

    /// Hash of a kernel's output, which must be the same with one and with three threads.
    private static long hash(Kernel kernel) {
        long[] hashes = new long[2];
        for (int k = 0; k < 2; k++) {
            try (Native memory = new Native(1);
                    WorkerPool pool = new WorkerPool(k == 0 ? 1 : 3)) {
                long y = memory.of(new float[2 * SIZE]);
                kernel.run(pool, memory, memory.of(input()), y);
                for (int i = 0; i < 2 * SIZE; i++) {
                    float value = Native.at(y, i);
                    // A NaN's payload is not part of the contract.
                    int bits = Float.floatToIntBits(value);
                    hashes[k] = hashes[k] * 0x100000001B3L + bits;
                }
                memory.assertGuardsIntact();
            }
        }
        assertThat(hashes[1]).as("three threads, %s bits", Lanes.BITS).isEqualTo(hashes[0]);
        return hashes[0];
    }

    /// Numbers between -6 and 6, the same everywhere.
    private static float[] input() {
        SplittableRandom random = new SplittableRandom(2024);
        float[] x = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            x[i] = random.nextInt(-6_000_000, 6_000_001) * 1e-6f;
        }
        return x;
    }
}
