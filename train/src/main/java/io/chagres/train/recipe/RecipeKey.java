package io.chagres.train.recipe;

import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A key that a recipe may have: its name, the values it takes and what it means.
///
/// @param <T> the type of its values
public final class RecipeKey<T> {
    private final String path;
    private final ValueType<T> type;
    private final @Nullable String byDefault;
    private final String description;
    private final Function<Recipe, @Nullable T> value;

    /// A key.
    ///
    /// @param byDefault the default as a flag would give it, null when there is none or it follows
    ///   from other keys
    /// @param value the key's value in a finished recipe, null when it has none there
    RecipeKey(
            String path,
            ValueType<T> type,
            @Nullable String byDefault,
            String description,
            Function<Recipe, @Nullable T> value) {
        this.path = path;
        this.type = type;
        this.byDefault = byDefault;
        this.description = description;
        this.value = value;
    }

    /// The dotted name, such as `train.learning_rate`. The flag is `--` and this.
    public String path() {
        return path;
    }

    /// What values it takes, in words.
    public String expected() {
        return type.expected();
    }

    /// The default as text; empty when there is none or it follows from other keys.
    public Optional<String> defaultValue() {
        return Optional.ofNullable(byDefault);
    }

    /// What it means, in one sentence.
    public String description() {
        return description;
    }

    ValueType<T> type() {
        return type;
    }

    /// What a YAML file holds for it, or null when the recipe has no such value.
    @Nullable Object written(Recipe recipe) {
        T found = value.apply(recipe);
        return found == null ? null : type.writer().apply(found);
    }

    @Override
    public String toString() {
        return path;
    }
}
