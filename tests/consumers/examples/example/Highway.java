package example;

import io.chagres.nn.layer.Linear;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.RandomTensors;
import io.chagres.tensor.random.Rng;

/**
 * A custom layer: y = t · f(x) + (1 - t) · x with a learned gate t. Its tensors are its parameters.
 */
public record Highway(Linear transform, Linear gate) {
    static Highway create(TensorArena weights, int size, Rng rng) {
        return new Highway(linear(weights, size, rng), linear(weights, size, rng));
    }

    public Tensor apply(Tensor x) {
        Tensor t = gate.apply(x).sigmoid();
        return t.mul(Softplus.softplus(transform.apply(x), 1)).add(t.neg().shift(1).mul(x));
    }

    private static Linear linear(TensorArena weights, int size, Rng rng) {
        return new Linear(
                RandomTensors.normal(weights, Shape.of(size, size), 0.5, rng),
                RandomTensors.normal(weights, Shape.of(size), 0.5, rng));
    }
}
