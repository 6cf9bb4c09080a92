package io.chagres.train.loop;

import io.chagres.nn.adapter.Adapter;
import io.chagres.nn.adapter.LoraAdapter;
import io.chagres.nn.adapter.PrefixAdapter;
import io.chagres.nn.layer.Linear;
import io.chagres.nn.layer.Modules;
import io.chagres.nn.quantize.Quantizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.recipe.FinetuneRecipe;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The adapter that a recipe asks for, around a model.
///
/// @param base the model, frozen
/// @param adapter what is trained
record RunAdapter(Transformer base, Adapter adapter) {
    private static final String BLOCKS = "blocks.";

    /// A fresh adapter; null where the recipe trains the model itself.
    ///
    /// @param encode makes tokens of the text that a prefix begins as
    /// @param weights where its tensors go
    static @Nullable RunAdapter of(
            @Nullable FinetuneRecipe wanted,
            Transformer base,
            Function<String, int[]> encode,
            TensorArena weights,
            Backend backend,
            long seed) {
        return switch (wanted) {
            case null -> null;
            case FinetuneRecipe.Full _ -> null;
            case FinetuneRecipe.Lora(var config, boolean int8) -> {
                Transformer frozen = int8 ? quantized(base, weights) : base;
                yield new RunAdapter(frozen, LoraAdapter.create(frozen, config, weights, seed));
            }
            case FinetuneRecipe.Prefix(var config, String text) -> {
                if (text == null) {
                    yield new RunAdapter(base, PrefixAdapter.create(base, config, weights, seed));
                }
                int[] ids = encode.apply(text);
                try (TensorArena step = backend.arena("prefix")) {
                    yield new RunAdapter(base, PrefixAdapter.ofTokens(base, ids, weights, step));
                }
            }
        };
    }

    /// The model with the matrices of its layers, but for those of experts, in 8 bits.
    private static Transformer quantized(Transformer base, TensorArena weights) {
        return Modules.mapAt(
                base,
                (path, part) ->
                        part instanceof Linear l && path.startsWith(BLOCKS)
                                ? Quantizer.quantize(l, weights)
                                : part);
    }
}
