package io.chagres.jmh;

import io.chagres.tensor.DType;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.backend.Kernel;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Primitive;
import io.chagres.tensor.op.Update;
import io.chagres.tests.cases.OpCase;
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

/// Runs one row of [Rows] as the backend's kernel table does, F32 where the row leaves the dtype
/// open: operands, results and scratch memory are there already.
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
public abstract class KernelBenchmark {
    @Param({"1", "2"})
    private int threads;

    private Backend backend;
    private TensorArena arena;
    private Runnable call;

    /// Name of the row.
    protected abstract String row();

    /// Fills the operands.
    @Setup
    public void setup() {
        OpCase row = Rows.named(row());
        backend = Backends.open("cpu", threads);
        arena = backend.arena("operands");
        double[][] values = row.values();
        Tensor[] in = new Tensor[values.length];
        for (int i = 0; i < in.length; i++) {
            Spec spec = row.inputs().get(i).spec(DType.F32);
            Tensor t = TensorData.copyOf(arena, spec.dtype(), spec.shape(), values[i]);
            in[i] = Rows.isTransposed(row, i) ? t.viewAs(t.layout().permute(1, 0)) : t;
        }
        call = prepare(row.op(), in);
    }

    private <O extends Op> Runnable prepare(O op, Tensor[] in) {
        Spec[] specs = new Spec[in.length];
        for (int i = 0; i < in.length; i++) {
            specs[i] = in[i].spec();
        }
        Spec[] results = op instanceof Update ? new Spec[0] : op.infer(specs);
        Tensor[] out = new Tensor[results.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = Tensor.empty(arena, results[i]);
        }
        if (op instanceof Primitive p) {
            return () -> backend.run(p, in, out);
        }
        Kernel<O> kernel = backend.kernels().find(op, in);
        if (kernel == null) {
            throw new IllegalStateException("no kernel computes " + row());
        }
        long bytes = kernel.scratchBytes(op, in);
        long scratch = bytes > 0 ? arena.allocate(bytes, "scratch").address() : 0;
        return () -> kernel.run(op, in, out, scratch);
    }

    /// Computes it once.
    @Benchmark
    public void kernel() {
        call.run();
    }

    /// Frees everything.
    @TearDown
    public void tearDown() {
        arena.close();
        backend.close();
    }
}
