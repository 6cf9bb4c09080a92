package io.chagres.jmh;

import io.chagres.kernels.cpu.elementwise.Binary;
import io.chagres.kernels.cpu.elementwise.BinaryOp;
import io.chagres.kernels.cpu.elementwise.Unary;
import io.chagres.kernels.cpu.elementwise.UnaryOp;
import io.chagres.kernels.cpu.optim.AdamW;
import io.chagres.kernels.cpu.optim.SumOfSquares;
import io.chagres.kernels.cpu.pool.WorkerPool;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Element-wise kernels and the optimizer over vectors of F32.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0"
        })
public class ElementwiseBenchmark {
    @Param({"65536", "16777216"})
    private int elements;

    @Param({"1", "2"})
    private int threads;

    private Native memory;
    private WorkerPool pool;
    private long a;
    private long b;
    private long c;
    private long d;
    private long scratch;

    /// Allocates the operands.
    @Setup
    public void setup() {
        memory = new Native();
        pool = new WorkerPool(threads);
        a = memory.floats(elements);
        b = memory.floats(elements);
        c = memory.floats(elements);
        d = memory.floats(elements);
        scratch = memory.bytes(SumOfSquares.scratchBytes(elements));
    }

    /// a + b.
    @Benchmark
    public void add() {
        Binary.apply(pool, BinaryOp.ADD, a, b, c, elements);
    }

    /// GELU by tanh.
    @Benchmark
    public void geluTanh() {
        Unary.apply(pool, UnaryOp.GELU_TANH, a, c, elements);
    }

    /// Gradient of GELU by tanh.
    @Benchmark
    public void geluTanhBackward() {
        Binary.apply(pool, BinaryOp.GELU_TANH_GRADIENT, a, b, c, elements);
    }

    /// silu(a) · b.
    @Benchmark
    public void swiGlu() {
        Binary.apply(pool, BinaryOp.SWIGLU, a, b, c, elements);
    }

    /// One AdamW step.
    @Benchmark
    public void adamW() {
        AdamW.step(pool, a, b, c, d, elements, 1e-9, 0.9, 0.95, 1e-8, 0.1, 10, 1);
    }

    /// Sum of squares, for the global norm.
    @Benchmark
    public double sumOfSquares() {
        return SumOfSquares.of(pool, a, elements, scratch);
    }

    /// Frees everything.
    @TearDown
    public void tearDown() {
        pool.close();
        memory.close();
    }
}
