package io.chagres.train.recipe;

import io.chagres.nn.loss.PreferenceLoss;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The recipe of a training run: everything that decides its outcome.
///
/// Read from a YAML file; every key may also be given as a flag, `--train.learning_rate=1e-3`,
/// which wins over the file. What neither gives comes from the preset (`model.preset`) and from the
/// defaults, so an empty recipe works. Paths are relative to the working directory.
///
/// @param model which model is trained
/// @param tokenizer where the tokenizer comes from
/// @param data what it is trained on
/// @param finetune what is trained of a model that is there; null for all of it, as in pre-training
/// @param preference how answers are compared that are preferred to others; null for next-token
///   prediction
/// @param distillation a teacher to learn from; null for none
/// @param train how it is trained
/// @param pruning how weights are pruned meanwhile; null for not
/// @param device what computes: `auto`, `cpu`, `cuda` or `cuda:1`
/// @param output folder for checkpoints, metrics and the resolved recipe
/// @param tensorboard whether metrics are also written as TensorBoard event files
/// @param tune how `tune` searches for values; null for no search. Training ignores it
public record Recipe(
        ModelRecipe model,
        TokenizerRecipe tokenizer,
        DataRecipe data,
        @Nullable FinetuneRecipe finetune,
        @Nullable PreferenceLoss preference,
        @Nullable DistillationRecipe distillation,
        TrainRecipe train,
        @Nullable PruningRecipe pruning,
        String device,
        String output,
        boolean tensorboard,
        @Nullable TuneRecipe tune) {

    /// The usual name of a resolved recipe in a run's folder.
    public static final String FILE_NAME = "recipe.yaml";

    private static final long MAX_BYTES = 1 << 20;
    private static final String NO_FILE = "the recipe";

    /// The recipe in a file.
    ///
    /// @param file a YAML file of at most 1 MiB
    /// @param flags values by dotted key, without the `--`; they win over the file
    /// @throws RecipeException when the file cannot be read, a key is unknown, a value does not fit
    ///   its key, or values contradict each other
    public static Recipe load(Path file, Map<String, String> flags) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new RecipeException(
                        file.toString(), "", file + ": larger than 1 MiB, that is no recipe");
            }
            return parse(file.toString(), Files.readString(file), flags);
        } catch (CharacterCodingException e) {
            throw unreadable(file, "not UTF-8 text", e);
        } catch (IOException e) {
            String reason = Files.exists(file) ? "cannot be read: " + e : "no such file";
            throw unreadable(file, reason, e);
        }
    }

    private static RecipeException unreadable(Path file, String reason, IOException cause) {
        var error = new RecipeException(file.toString(), "", file + ": " + reason);
        error.initCause(cause);
        return error;
    }

    /// The recipe that flags alone give.
    ///
    /// @param flags values by dotted key, without the `--`
    /// @throws RecipeException as [#load]
    public static Recipe of(Map<String, String> flags) {
        return parse(NO_FILE, "", flags);
    }

    /// The recipe in a text.
    ///
    /// @param name what error messages call the text
    /// @param yaml the text
    /// @param flags values by dotted key, without the `--`; they win over the text
    /// @throws RecipeException as [#load]
    public static Recipe parse(String name, String yaml, Map<String, String> flags) {
        return RecipeBuilder.build(new RecipeTree(name, YamlReader.read(name, yaml), flags));
    }

    /// All keys that a recipe may have, in order.
    public static List<RecipeKey<?>> keys() {
        return Keys.ALL;
    }

    /// The names that `model.preset` takes.
    public static List<String> presets() {
        return Presets.names();
    }

    /// The same without a search, into another folder.
    public Recipe settled(String folder) {
        return new Recipe(
                model,
                tokenizer,
                data,
                finetune,
                preference,
                distillation,
                train,
                pruning,
                device,
                folder,
                tensorboard,
                null);
    }

    /// The recipe as YAML with every value spelt out. Read again it gives an equal recipe.
    public String toYaml() {
        return YamlWriter.write(this);
    }

    /// Writes [#toYaml] to a file.
    public void write(Path file) throws IOException {
        Files.writeString(file, toYaml());
    }
}
