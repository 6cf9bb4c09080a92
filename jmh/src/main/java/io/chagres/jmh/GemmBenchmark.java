package io.chagres.jmh;

import io.chagres.kernels.cpu.gemm.Gemm;
import io.chagres.kernels.cpu.gemm.GemmCall;
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

/// F32 matrix products, shapes M x N x K: forward (weights stored [out, in]) and both gradients.
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
public class GemmBenchmark {
    @Param({"256x256x256", "1024x1024x1024", "2048x1536x384", "2048x384x1536", "1x4096x384"})
    private String shape;

    @Param({"1", "2"})
    private int threads;

    private Native memory;
    private WorkerPool pool;
    private Gemm gemm;
    private GemmCall forward;
    private GemmCall gradientOfInput;
    private GemmCall gradientOfWeight;

    /// Allocates the operands.
    @Setup
    public void setup() {
        String[] s = shape.split("x");
        int m = Integer.parseInt(s[0]);
        int n = Integer.parseInt(s[1]);
        int k = Integer.parseInt(s[2]);
        memory = new Native();
        pool = new WorkerPool(threads);
        gemm = new Gemm(pool);
        long x = memory.floats((long) m * k);
        long w = memory.floats((long) n * k);
        long y = memory.floats((long) m * n);
        long dx = memory.floats((long) m * k);
        long dw = memory.floats((long) n * k);
        forward = new GemmCall().shape(m, n, k).a(x, k, 1).b(w, 1, k).c(y, n);
        gradientOfInput = new GemmCall().shape(m, k, n).a(y, n, 1).b(w, k, 1).c(dx, k);
        gradientOfWeight = new GemmCall().shape(n, k, m).a(y, 1, n).b(x, k, 1).c(dw, k);
    }

    /// Y = X Wᵀ.
    @Benchmark
    public void forward() {
        gemm.sgemm(forward);
    }

    /// dX = dY W.
    @Benchmark
    public void gradientOfInput() {
        gemm.sgemm(gradientOfInput);
    }

    /// dW = dYᵀ X.
    @Benchmark
    public void gradientOfWeight() {
        gemm.sgemm(gradientOfWeight);
    }

    /// Frees everything.
    @TearDown
    public void tearDown() {
        pool.close();
        memory.close();
    }
}
