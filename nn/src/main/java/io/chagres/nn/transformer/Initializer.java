package io.chagres.nn.transformer;

import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.RandomTensors;
import io.chagres.tensor.random.Rng;
import java.util.Arrays;

/// Fresh parameters, F32, as Hugging Face initialises them: matrices normal with
/// `initializer_range`, biases zero, norms one, and GPT-2's projections into the residual stream
/// scaled by 1/√(2 · layers).
final class Initializer implements ParameterSource {
    private final TransformerConfig config;
    private final TensorArena arena;
    private final Rng rng;

    Initializer(TransformerConfig config, TensorArena arena, Rng rng) {
        this.config = config;
        this.arena = arena;
        this.rng = rng;
    }

    @Override
    public Tensor get(String path, Shape shape, Init init) {
        double std = config.initializerRange();
        return switch (init) {
            case ZEROS -> constant(shape, 0);
            case ONES -> constant(shape, 1);
            case NORMAL -> RandomTensors.normal(arena, shape, std, rng);
            case RESIDUAL -> RandomTensors.normal(arena, shape, std * residualScale(), rng);
        };
    }

    private double residualScale() {
        return config.architecture().equals("gpt2") ? 1 / Math.sqrt(2.0 * config.numLayers()) : 1;
    }

    private Tensor constant(Shape shape, float value) {
        float[] values = new float[Math.toIntExact(shape.size())];
        Arrays.fill(values, value);
        return Tensor.of(arena, shape, values);
    }
}
