package io.chagres.nn.adapter;

import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.moe.Experts;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.TensorArena;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Makes plain layers of adapted ones.
final class Merging {
    private Merging() {}

    static Transformer merge(Transformer attached, TensorArena weights, TensorArena step) {
        return Modules.map(
                attached,
                part ->
                        switch (part) {
                            case Linear plain -> plain;
                            case Projection p ->
                                    new Linear(computed(p::matrix, weights, step), p.bias());
                            case LoraExperts e ->
                                    new Experts(
                                            merged(e.base().gate(), e.gate(), weights, step),
                                            merged(e.base().up(), e.up(), weights, step),
                                            merged(e.base().down(), e.down(), weights, step));
                            default -> part;
                        });
    }

    private static Tensor merged(
            Tensor matrices,
            LoraExperts.@Nullable Beside beside,
            TensorArena weights,
            TensorArena step) {
        return beside == null
                ? matrices
                : computed(() -> LoraExperts.merged(matrices, beside), weights, step);
    }

    private static Tensor computed(Supplier<Tensor> body, TensorArena weights, TensorArena step) {
        return step.call(() -> body.get().copyTo(weights));
    }
}
