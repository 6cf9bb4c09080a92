package io.chagres.train.checkpoint;

import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.hf.config.GenerationConfig;
import io.chagres.nn.text.Tokenizer;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.tensor.io.AtomicFiles;
import io.chagres.tensor.io.FormatException;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.tensor.io.SafeTensorsWriter;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Predicate;

/// A checkpoint of a training run: a Hugging Face folder (`config.json`, `model.safetensors`,
/// `generation_config.json`, `tokenizer.json` and what belongs to it), and beside these
/// `recipe.yaml`, `trainer_state.json` and `optimizer.safetensors` (the moments, as `m.<path>` and
/// `v.<path>`), from which the run goes on bit by bit.
///
/// @param folder where it lies
/// @param recipe what it was trained by
/// @param state where the run stood
public record Checkpoint(Path folder, Recipe recipe, TrainerState state) {
    /// The file of the optimizer's moments.
    public static final String OPTIMIZER_FILE = "optimizer.safetensors";

    /// The file of what is trained, where the files of [Contents] do not hold it as it is.
    public static final String TRAINED_FILE = "trained.safetensors";

    /// What is worth keeping of a run for those who use its model.
    public interface Contents {
        /// Writes it into an existing folder.
        void writeTo(Path folder) throws IOException;
    }

    /// What a model needs to be used: its folder is one for any program that reads such.
    ///
    /// @param model the model
    /// @param generation how to generate
    /// @param tokenizer its tokenizer
    public record ModelFiles(Transformer model, GenerationConfig generation, Tokenizer tokenizer)
            implements Contents {
        @Override
        public void writeTo(Path folder) throws IOException {
            HfCheckpoint.save(model, generation, folder);
            tokenizer.save(folder);
        }
    }

    /// Writes or replaces a folder with a model alone, whole or not at all.
    public static void saveModel(Path folder, Contents files) throws IOException {
        AtomicFiles.writeFolder(folder, files::writeTo);
    }

    /// Writes or replaces a checkpoint of a model, whole or not at all.
    public static void save(
            Path folder,
            ModelFiles files,
            AdamWOptimizer optimizer,
            Recipe recipe,
            TrainerState state)
            throws IOException {
        save(folder, files, Map.of(), optimizer, recipe, state);
    }

    /// Writes or replaces a checkpoint, whole or not at all.
    ///
    /// @param trained what is trained, by name, where the files do not hold it as it is
    public static void save(
            Path folder,
            Contents files,
            Map<String, Tensor> trained,
            AdamWOptimizer optimizer,
            Recipe recipe,
            TrainerState state)
            throws IOException {
        AtomicFiles.writeFolder(
                folder,
                fresh -> {
                    files.writeTo(fresh);
                    recipe.write(fresh.resolve(Recipe.FILE_NAME));
                    state.write(fresh);
                    write(optimizer.state(), fresh.resolve(OPTIMIZER_FILE));
                    if (!trained.isEmpty()) {
                        write(trained, fresh.resolve(TRAINED_FILE));
                    }
                });
    }

    private static void write(Map<String, Tensor> tensors, Path file) throws IOException {
        SafeTensorsWriter writer = new SafeTensorsWriter();
        try (Arena copies = Arena.ofConfined()) {
            tensors.forEach(
                    (name, t) -> writer.add(name, t.spec(), TensorData.hostBytes(t, copies)));
            writer.write(file);
        }
    }

    /// Opens a checkpoint that [#save] wrote.
    ///
    /// @param patience evaluations without improvement after which the run stops, 0 for never
    /// @throws NoSuchFileException when the folder is none
    /// @throws IOException when a file is missing or cannot be read
    /// @throws FormatException when the state is malformed
    /// @throws io.chagres.train.recipe.RecipeException when the recipe is
    public static Checkpoint open(Path folder, int patience) throws IOException {
        if (!Files.isRegularFile(folder.resolve(TrainerState.FILE))) {
            throw new NoSuchFileException(
                    folder.toString(),
                    null,
                    "no " + TrainerState.FILE + " in it, so no training can go on from it");
        }
        return new Checkpoint(
                folder,
                Recipe.load(folder.resolve(Recipe.FILE_NAME), Map.of()),
                TrainerState.read(folder, patience));
    }

    /// Loads the optimizer's state.
    ///
    /// @param optimizer one for the checkpoint's model
    /// @throws FormatException naming the tensor that is missing, left over or misshapen
    public void restore(AdamWOptimizer optimizer) throws IOException {
        read(folder.resolve(OPTIMIZER_FILE), optimizer.state(), name -> true);
        optimizer.restoreSteps(state.optimizerSteps());
    }

    /// Loads what was trained, where it was stored apart.
    ///
    /// @param trained tensors by name, which are overwritten
    /// @param some which of the stored names are theirs
    /// @throws FormatException naming the tensor that is missing, left over or misshapen
    public void restore(Map<String, Tensor> trained, Predicate<String> some) throws IOException {
        read(folder.resolve(TRAINED_FILE), trained, some);
    }

    private static void read(Path path, Map<String, Tensor> tensors, Predicate<String> some)
            throws IOException {
        try (SafeTensors file = SafeTensors.open(path)) {
            for (String name : file.names().stream().filter(some).toList()) {
                Tensor t = tensors.get(name);
                if (t == null || !t.spec().equals(file.spec(name))) {
                    throw new FormatException(
                            path.toString(),
                            "tensor %s is %s, the model has %s"
                                    .formatted(
                                            name, file.spec(name), t == null ? "none" : t.spec()));
                }
            }
            for (Map.Entry<String, Tensor> e : tensors.entrySet()) {
                TensorData.writeRaw(e.getValue(), file.segment(e.getKey()));
            }
        }
    }
}
