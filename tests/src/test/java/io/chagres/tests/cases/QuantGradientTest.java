package io.chagres.tests.cases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.autograd.Tape;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Int8Linear;
import io.chagres.tensor.op.Int8LinearDynamic;
import io.chagres.tensor.op.Quantize;
import io.chagres.tensor.random.RandomTensors;
import io.chagres.tensor.random.Rng;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Rounding x to 8 bits has no derivative that differences could show, so the table says nothing
/// about it.
class QuantGradientTest {
    private static Tensor random(TensorArena arena, long seed, long... dims) {
        return RandomTensors.normal(arena, Shape.of(dims), 1, new Rng(seed));
    }

    @Test
    void gradientsPassTheRoundingOfX() {
        try (Backend backend = Backends.open("cpu", 1);
                TensorArena inputs = backend.arena("inputs");
                TensorArena step = backend.arena("step")) {
            Tensor x = random(inputs, 1, 5, 24);
            Tensor w = random(inputs, 2, 7, 24);
            Tensor bias = random(inputs, 3, 7);
            float[][] gradients =
                    step.call(() -> {
                        Tensor[] q = Quantize.quantize(w, 8);
                        List<Tensor> of = List.of(x, bias);
                        Tensor g = random(step, 4, 5, 7);
                        var dynamic =
                                Tape.valueAndGrad(
                                        of,
                                        () ->
                                                Int8LinearDynamic.int8LinearDynamic(
                                                                x, q[0], q[1], bias)
                                                        .mul(g)
                                                        .sum());
                        var plain =
                                Tape.valueAndGrad(
                                        of,
                                        () ->
                                                Int8Linear.int8Linear(x, q[0], q[1], bias)
                                                        .mul(g)
                                                        .sum());
                        assertThat(dynamic.value().item())
                                .isNotEqualTo(plain.value().item()); // x was rounded
                        return new float[][] {
                            dynamic.grads().get(0).toFloats(),
                            plain.grads().get(0).toFloats(),
                            dynamic.grads().get(1).toFloats(),
                            plain.grads().get(1).toFloats(),
                        };
                    });
            assertThat(gradients[0]).isEqualTo(gradients[1]);
            assertThat(gradients[2]).isEqualTo(gradients[3]);
        }
    }

    @Test
    void weightsAreFrozen() {
        try (Backend backend = Backends.open("cpu", 1);
                TensorArena step = backend.arena("step")) {
            assertThatThrownBy(() ->
                            step.call(() -> {
                                Tensor x = random(step, 1, 5, 24);
                                Tensor[] q = Quantize.quantize(random(step, 2, 7, 24));
                                return Tape.valueAndGrad(
                                                List.of(q[1]),
                                                () ->
                                                        Int8LinearDynamic.int8LinearDynamic(
                                                                        x, q[0], q[1], null)
                                                                .sum())
                                        .value()
                                        .item();
                            }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("frozen");
        }
    }
}
