package io.chagres.train.plan;

import io.chagres.autograd.Cost;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.Linear;
import java.util.function.Supplier;

/// Measures what a backend does in a second, in a few seconds.
public final class Probe {
    private static final long ROWS = 1024;
    private static final long WIDTH = 512;
    private static final long STREAM = 1 << 22;
    private static final long SMALL = 16;
    private static final int REPEATS = 32;
    private static final double WARM_UP_SECONDS = 0.7;
    private static final int ROUNDS = 5;

    private Probe() {}

    /// The machine at hand: products of the size that small models have, additions of some
    /// mebibytes, and operations on next to nothing. The best of some rounds counts.
    ///
    /// @param memoryBytes its memory
    public static Hardware of(Backend backend, long memoryBytes) {
        try (TensorArena arena = backend.arena("probe")) {
            double flops = 2.0 * ROWS * WIDTH * WIDTH;
            var rates =
                    new Cost.Rates(
                            flops / product(arena, DType.F32),
                            flops / product(arena, DType.BF16),
                            3.0 * 4 * STREAM / addition(arena, STREAM),
                            1 / addition(arena, SMALL));
            double half = flops / product(arena, DType.F16);
            return new Hardware("this machine", rates, half, 1, memoryBytes, 0);
        }
    }

    private static double product(TensorArena arena, DType dtype) {
        return arena.call(() -> {
            Tensor x = Full.full(new Spec(dtype, Shape.of(ROWS, WIDTH)), 0.5);
            Tensor w = Full.full(new Spec(dtype, Shape.of(WIDTH, WIDTH)), 0.5);
            return seconds(arena, () -> Linear.linear(x, w, null));
        });
    }

    private static double addition(TensorArena arena, long n) {
        return arena.call(() -> {
            Tensor x = Full.full(new Spec(DType.F32, Shape.of(n)), 0.5);
            Tensor y = Full.full(new Spec(DType.F32, Shape.of(n)), 0.5);
            return seconds(arena, () -> x.add(y));
        });
    }

    /// Seconds of one run.
    private static double seconds(TensorArena arena, Supplier<Tensor> operation) {
        long start = System.nanoTime();
        do {
            round(arena, operation);
        } while (System.nanoTime() - start < WARM_UP_SECONDS * 1e9);
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < ROUNDS; i++) {
            best = Math.min(best, round(arena, operation));
        }
        return best;
    }

    private static Tensor first(Tensor t) {
        Tensor first = t;
        for (int axis = 0; axis < t.shape().rank(); axis++) {
            first = first.slice(axis, 0, 1);
        }
        return first;
    }

    private static double round(TensorArena arena, Supplier<Tensor> operation) {
        long start = System.nanoTime();
        for (int i = 0; i < REPEATS; i++) {
            int mark = arena.mark();
            Tensor result = operation.get();
            if (i == REPEATS - 1) {
                TensorData.read(first(result), new float[1]); // a device may still be at work
            }
            arena.release(mark);
        }
        return (System.nanoTime() - start) / 1e9 / REPEATS;
    }
}
