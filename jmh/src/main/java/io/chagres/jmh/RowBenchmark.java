package io.chagres.jmh;

import io.chagres.kernels.cpu.norm.LayerNorm;
import io.chagres.kernels.cpu.norm.RmsNorm;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.softmax.CrossEntropy;
import io.chagres.kernels.cpu.softmax.Softmax;
import io.chagres.tensor.DType;
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

/// Softmax, norms and the loss over rows of F32.
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
public class RowBenchmark {
    @Param({"256x768", "2048x4096"})
    private String shape;

    @Param({"1", "2"})
    private int threads;

    private Native memory;
    private WorkerPool pool;
    private int rows;
    private int n;
    private long x;
    private long y;
    private long g;
    private long w;
    private long b;
    private long perRow;
    private long perRowToo;
    private long targets;
    private long gradients;
    private long scratch;

    /// Allocates the operands.
    @Setup
    public void setup() {
        String[] s = shape.split("x");
        rows = Integer.parseInt(s[0]);
        n = Integer.parseInt(s[1]);
        memory = new Native();
        pool = new WorkerPool(threads);
        long all = (long) rows * n;
        x = memory.floats(all);
        y = memory.floats(all);
        g = memory.floats(all);
        w = memory.floats(n);
        b = memory.floats(n);
        perRow = memory.floats(rows);
        perRowToo = memory.floats(rows);
        gradients = memory.floats(2L * n);
        targets = memory.ints(rows, n);
        scratch =
                memory.bytes(
                        Math.max(
                                LayerNorm.backwardScratchBytes(rows, n),
                                RmsNorm.backwardScratchBytes(rows, n)));
    }

    /// Softmax of every row.
    @Benchmark
    public void softmax() {
        Softmax.forward(pool, x, n, y, n, rows, n);
    }

    /// Gradient of softmax.
    @Benchmark
    public void softmaxBackward() {
        Softmax.backward(pool, g, y, x, rows, n);
    }

    /// Layer normalisation.
    @Benchmark
    public void layerNorm() {
        LayerNorm.forward(pool, x, w, b, y, perRow, perRowToo, rows, n, 1e-5);
    }

    /// Gradients of layer normalisation.
    @Benchmark
    public void layerNormBackward() {
        LayerNorm.backward(
                pool,
                g,
                x,
                w,
                perRow,
                perRowToo,
                y,
                gradients,
                gradients + 4L * n,
                rows,
                n,
                scratch);
    }

    /// Root-mean-square normalisation.
    @Benchmark
    public void rmsNorm() {
        RmsNorm.forward(pool, x, w, y, perRow, rows, n, 1e-5);
    }

    /// Gradients of root-mean-square normalisation.
    @Benchmark
    public void rmsNormBackward() {
        RmsNorm.backward(pool, g, x, w, perRow, y, gradients, rows, n, scratch);
    }

    /// Cross-entropy of rows of logits.
    @Benchmark
    public void crossEntropy() {
        CrossEntropy.forward(
                pool, DType.F32, x, targets, 4, -100, 0, perRow, perRowToo, rows, n, 0);
    }

    /// Frees everything.
    @TearDown
    public void tearDown() {
        pool.close();
        memory.close();
    }
}
