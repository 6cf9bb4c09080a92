package io.chagres.tensor.random;

import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import java.util.stream.IntStream;

/// Tensors of random numbers, made on the host: for initialisation and examples.
public final class RandomTensors {
    private static final int BLOCK = 1 << 14;

    private RandomTensors() {}

    /// F32 numbers from a normal distribution with mean 0. Takes one draw of the generator; the
    /// numbers depend on it and the shape alone, however many threads fill the tensor.
    ///
    /// @param std standard deviation
    public static Tensor normal(TensorArena arena, Shape shape, double std, Rng rng) {
        Rng stream = rng.split();
        float[] values = new float[Math.toIntExact(shape.size())];
        IntStream.range(0, (values.length + BLOCK - 1) / BLOCK)
                .parallel()
                .forEach(b -> {
                    int end = Math.min(values.length, (b + 1) * BLOCK);
                    for (int i = b * BLOCK; i < end; i++) {
                        values[i] = (float) (std * stream.normal(i));
                    }
                });
        return Tensor.of(arena, shape, values);
    }
}
