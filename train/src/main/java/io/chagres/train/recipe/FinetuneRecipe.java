package io.chagres.train.recipe;

import io.chagres.nn.adapter.LoraConfig;
import io.chagres.nn.adapter.PrefixConfig;
import io.chagres.nn.adapter.Targets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is trained of a model that is there.
public sealed interface FinetuneRecipe {
    /// The methods by name.
    enum Method {
        /// All weights.
        FULL,
        /// Low-rank adapters.
        LORA,
        /// Low-rank adapters and the lengths of rows.
        DORA,
        /// Keys and values before the text.
        PREFIX
    }

    /// All weights.
    record Full() implements FinetuneRecipe {}

    /// Low-rank adapters.
    ///
    /// @param config how they are made
    /// @param int8Base whether the frozen matrices are rounded to 8 bits
    record Lora(LoraConfig config, boolean int8Base) implements FinetuneRecipe {
        /// What a recipe gets that says nothing more.
        public static Lora usual() {
            int rank = FinetuneReader.RANK;
            return new Lora(
                    new LoraConfig(
                            rank,
                            2.0 * rank,
                            0,
                            false,
                            false,
                            Targets.allLinear(),
                            Map.of(),
                            Map.of(),
                            List.of(),
                            false),
                    false);
        }
    }

    /// Keys and values before the text.
    ///
    /// @param config how they are made; the number of tokens is 0 where a text decides it
    /// @param initText text whose keys and values they begin as; null for random ones
    record Prefix(PrefixConfig config, @Nullable String initText) implements FinetuneRecipe {}
}
