package io.chagres.cli;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.layer.Embedding;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.io.AtomicFiles;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A model that was made of another one, on its way into a folder.
///
/// @param model the model
/// @param generation how it generates
/// @param stored what its floats are stored in
/// @param tokenizer its tokenizer
/// @param recipe the recipe of the model that it was made of, which says what text was held out;
///   null for none
record MadeModel(
        Transformer model,
        GenerationConfig generation,
        DType stored,
        Tokenizer tokenizer,
        @Nullable Recipe recipe) {

    /// Writes a Hugging Face folder, whole or not at all.
    void write(Path folder) throws IOException {
        AtomicFiles.writeFolder(
                folder,
                fresh -> {
                    HfCheckpoint.save(model, generation, fresh, stored, HfCheckpoint.SHARD_BYTES);
                    tokenizer.save(fresh);
                    if (recipe != null) {
                        recipe.write(fresh.resolve(Recipe.FILE_NAME));
                    }
                });
    }

    /// How a model generates: as its folder says, or with the tokens of its config only.
    static GenerationConfig generation(HfCheckpoint of) {
        GenerationConfig own = of.generation();
        TransformerConfig c = of.config();
        return own == null ? GenerationConfig.ofTokens(c.bosId(), c.eosIds(), c.padId()) : own;
    }

    /// The dtype of what is float in a model: that of its table of tokens.
    static DType stored(Transformer of) {
        return of.tokens() instanceof Embedding.Plain(Tensor table) ? table.dtype() : DType.F32;
    }
}
