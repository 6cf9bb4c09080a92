package io.chagres.train.recipe;

import io.chagres.nn.UnsupportedModel;
import io.chagres.nn.hf.config.HfConfig;
import io.chagres.tensor.io.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// The length of sequences that a model is trained on further, where nobody says another.
///
/// @param tokens the length
/// @param why where it comes from, as in "as in recipe.yaml of the model"
public record UsualLength(int tokens, String why) {
    private static final int LONGEST = 512;

    /// The length that a model was trained with, where its folder has a recipe or lies beside one
    /// that has; otherwise as many as it has positions, 512 at most.
    ///
    /// @param model a checkpoint's folder
    /// @return empty where the folder cannot be read, which is an error elsewhere
    public static Optional<UsualLength> of(Path model) {
        try {
            int positions = HfConfig.read(model).transformer().maxPositionEmbeddings();
            Path folder = model.toAbsolutePath().normalize();
            for (Path at : new Path[] {folder, folder.resolveSibling("last")}) {
                Path recipe = at.resolve(Recipe.FILE_NAME);
                if (Files.isRegularFile(recipe)) {
                    int trained = Recipe.load(recipe, Map.of()).data().sequenceLength();
                    return Optional.of(
                            new UsualLength(
                                    Math.min(trained, positions),
                                    "as the model was trained with, by " + recipe));
                }
            }
            return Optional.of(
                    positions <= LONGEST
                            ? new UsualLength(positions, "all positions of the model")
                            : new UsualLength(
                                    LONGEST, "of the model's " + positions + " positions"));
        } catch (IOException | FormatException | UnsupportedModel | RecipeException e) {
            return Optional.empty();
        }
    }
}
