package io.chagres.train.recipe;

import io.chagres.train.data.Source;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the model is trained on.
///
/// @param sources where the text comes from
/// @param heldOut part of the documents that is kept for evaluation, 0 to 0.5
/// @param sequenceLength tokens in a training sequence
/// @param seed decides the order of the sequences
/// @param examples how the sources' examples are read; null where they are continuous text
public record DataRecipe(
        List<Source> sources,
        double heldOut,
        int sequenceLength,
        long seed,
        @Nullable ExamplesRecipe examples) {
    /// Copies the list.
    public DataRecipe {
        sources = List.copyOf(sources);
    }
}
