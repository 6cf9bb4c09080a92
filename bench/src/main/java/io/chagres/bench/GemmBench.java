package io.chagres.bench;

import io.chagres.tensor.DType;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import java.util.List;
import java.util.function.Consumer;

/// Matrix products C = A·B in F32.
public final class GemmBench {
    /// One product.
    ///
    /// @param m rows of C
    /// @param n columns of C
    /// @param k length of the sums
    public record Size(int m, int n, int k) {
        @Override
        public String toString() {
            return m + "x" + n + "x" + k;
        }
    }

    /// Squares and the shapes of language models.
    public static final List<Size> SIZES =
            List.of(
                    new Size(256, 256, 256),
                    new Size(512, 512, 512),
                    new Size(1024, 1024, 1024),
                    new Size(2048, 2048, 2048),
                    new Size(512, 3072, 768),
                    new Size(512, 768, 3072),
                    new Size(512, 50257, 768),
                    new Size(2048, 1536, 384),
                    new Size(2048, 384, 1536),
                    new Size(384, 1536, 2048));

    private GemmBench() {}

    /// Measures every size and hands on each result as soon as it is there.
    public static void run(int threads, double seconds, Consumer<Measurement> sink) {
        try (Backend backend = Backends.open("cpu", threads)) {
            for (Size s : SIZES) {
                sink.accept(measure(backend, threads, s, seconds));
            }
        }
    }

    private static Measurement measure(Backend backend, int threads, Size s, double seconds) {
        try (TensorArena weights = backend.arena("operands");
                TensorArena step = backend.arena("step")) {
            Tensor a = random(weights, s.m(), s.k(), 1);
            Tensor b = random(weights, s.k(), s.n(), 2);
            double time =
                    step.call(() ->
                            Timing.median(
                                    Math.max(1, seconds / 2),
                                    seconds,
                                    () -> Scope.run(() -> a.matmul(b))));
            double flops = 2.0 * s.m() * s.n() * s.k();
            long peak = weights.peak() + step.peak();
            return new Measurement(
                    "gemm", s.toString(), threads, time, flops / time * 1e-9, "gflops", peak);
        }
    }

    private static Tensor random(TensorArena arena, int rows, int columns, long seed) {
        Tensor t = Tensor.empty(arena, new Spec(DType.F32, Shape.of(rows, columns)));
        float[] values = new float[rows * columns];
        Rng rng = new Rng(seed);
        for (int i = 0; i < values.length; i++) {
            values[i] = 2 * rng.uniform(i) - 1;
        }
        TensorData.set(t, values);
        return t;
    }
}
