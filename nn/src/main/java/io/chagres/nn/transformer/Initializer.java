package io.chagres.nn.transformer;

import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.random.Rng;
import java.util.Arrays;
import java.util.stream.IntStream;

/// Fresh parameters as Hugging Face initialises them: matrices normal with `initializer_range`, biases
/// zero, norms one, and GPT-2's projections into the residual stream scaled by 1/√(2 · layers).
///
/// Each parameter draws from a stream of its own, so its numbers depend on the seed and its position
/// alone, however many threads fill it.
final class Initializer implements ParameterSource {
    private static final int BLOCK = 1 << 14;

    private final TransformerConfig config;
    private final TensorArena arena;
    private final DType dtype;
    private final Rng rng;
    private long drawn;

    Initializer(TransformerConfig config, TensorArena arena, DType dtype, Rng rng) {
        this.config = config;
        this.arena = arena;
        this.dtype = dtype;
        this.rng = rng;
    }

    @Override
    public Tensor get(String path, Shape shape, Init init) {
        Tensor t = Tensor.empty(arena, new Spec(dtype, shape));
        float[] values = new float[Math.toIntExact(shape.size())];
        switch (init) {
            case ZEROS -> {}
            case ONES -> Arrays.fill(values, 1);
            case NORMAL -> normal(values, config.initializerRange());
            case RESIDUAL -> normal(values, config.initializerRange() * residualScale());
        }
        TensorData.set(t, values);
        return t;
    }

    private double residualScale() {
        return config.architecture().equals("gpt2") ? 1 / Math.sqrt(2.0 * config.numLayers()) : 1;
    }

    private void normal(float[] values, double std) {
        Rng stream = rng.stream(drawn++);
        IntStream.range(0, (values.length + BLOCK - 1) / BLOCK)
                .parallel()
                .forEach(
                        b -> {
                            int end = Math.min(values.length, (b + 1) * BLOCK);
                            for (int i = b * BLOCK; i < end; i++) {
                                values[i] = (float) (std * stream.normal(i));
                            }
                        });
    }
}
