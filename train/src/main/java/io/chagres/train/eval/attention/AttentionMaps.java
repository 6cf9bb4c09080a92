package io.chagres.train.eval.attention;

import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Attention;
import io.chagres.tensor.op.Op;
import java.util.ArrayList;
import java.util.List;

/// The attention probabilities of a text: how much each token takes from each earlier one, per
/// layer and head.
///
/// The fused kernel never has them. They are computed again from the queries and keys that it is
/// given, by the same operation with the identity for values: softmax(scale · q kᵀ + mask) · I. So
/// they follow every mask, window and kind of positions that the model uses.
///
/// @param tokens tokens of the text, T
/// @param layers per layer the heads' probabilities, (H, T, T) row-major: query, then key
public record AttentionMaps(int tokens, List<float[]> layers) {
    /// The maps of a text.
    ///
    /// @param step arena for a forward pass, reset at its beginning
    /// @param ids tokens of the text
    /// @throws IllegalArgumentException when there are none, or more than the model can see
    /// @throws UnsupportedOperationException when a layer attends in another way, such as by
    ///   hashing
    public static AttentionMaps of(Transformer model, TensorArena step, int[] ids) {
        int most = model.config().maxPositionEmbeddings();
        if (ids.length < 1 || ids.length > most) {
            throw new IllegalArgumentException(
                    "the text has %d tokens, the model can see 1 to %d"
                            .formatted(ids.length, most));
        }
        List<float[]> maps = new ArrayList<>();
        step.call(() ->
                new Watch(Interpreter.current(), maps)
                        .call(() -> {
                            Tensor input = Tensor.of(step, Shape.of(1, ids.length), ids);
                            return model.hidden(Transformer.Input.of(input), h -> {}).dim(1);
                        }));
        if (maps.size() != model.blocks().size()) {
            throw new UnsupportedOperationException(
                    "%d of %d layers attend in a way that has no map"
                            .formatted(model.blocks().size() - maps.size(), model.blocks().size()));
        }
        return new AttentionMaps(ids.length, maps);
    }

    /// Heads of a layer.
    public int heads(int layer) {
        return layers.get(layer).length / (tokens * tokens);
    }

    /// How much a query takes from a key.
    public float at(int layer, int head, int query, int key) {
        return layers.get(layer)[(head * tokens + query) * tokens + key];
    }

    /// Looks at every attention that passes by.
    private record Watch(Interpreter inner, List<float[]> maps) implements Interpreter {
        @Override
        public Tensor[] apply(Op op, Spec[] out, Tensor... in) {
            if (op instanceof Attention attention) {
                maps.add(inner.call(() -> probabilities(attention, in)));
            }
            return inner.apply(op, out, in);
        }

        /// (H, T, S) of the one sequence in the batch.
        private static float[] probabilities(Attention op, Tensor... in) {
            Tensor k = in[1];
            int keys = (int) k.dim(1);
            int heads = (int) k.dim(2);
            float[] identity = new float[keys * heads * keys];
            for (int i = 0; i < keys * heads; i++) {
                identity[i * keys + i / heads] = 1;
            }
            Tensor[] args = in.clone();
            Shape shape = Shape.of(1, keys, heads, keys);
            args[2] = Tensor.of(Interpreter.current().arena(), shape, identity).cast(k.dtype());
            Tensor found = Interpreter.run(op, args); // (1, T, H, S)
            return found.permute(0, 2, 1, 3).toFloats();
        }

        @Override
        public Tensor[] prepare(Op op, Tensor... in) {
            return inner.prepare(op, in);
        }

        @Override
        public TensorArena arena() {
            return inner.arena();
        }

        @Override
        public Backend backend() {
            return inner.backend();
        }
    }
}
