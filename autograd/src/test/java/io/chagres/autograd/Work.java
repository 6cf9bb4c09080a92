package io.chagres.autograd;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.DType;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;

/// A step arena on the slow, simple backend, for each test.
abstract class Work {
    private final ReferenceBackend backend = new ReferenceBackend();
    final TensorArena weights = backend.arena("weights");
    final TensorArena step = backend.arena("step");

    @AfterEach
    void close() {
        step.close();
        weights.close();
        backend.close();
    }

    /// Runs a body in the step arena.
    void run(Runnable body) {
        step.call(() -> {
            body.run();
            return null;
        });
    }

    /// An F64 tensor in the current arena.
    static Tensor f64(Shape shape, double... values) {
        return TensorData.copyOf(Interpreter.current().arena(), DType.F64, shape, values);
    }

    /// A vector.
    static Tensor vector(double... values) {
        return f64(Shape.of(values.length), values);
    }

    /// A tensor of numbers between `low` and `low + 1`.
    static Tensor random(double low, long seed, long... dims) {
        Shape shape = Shape.of(dims);
        double[] v = new SplittableRandom(seed).doubles(shape.size(), low, low + 1).toArray();
        return f64(shape, v);
    }
}
