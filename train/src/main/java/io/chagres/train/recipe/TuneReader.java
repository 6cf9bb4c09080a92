package io.chagres.train.recipe;

import io.chagres.train.recipe.TuneRecipe.Method;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads how values are searched for.
///
/// @param tree all values
record TuneReader(RecipeTree tree) {
    private static final int TRIALS = 16;
    private static final int ETA = 3;
    private static final int RUNGS = 3;
    private static final long SEED = 42;

    /// The search; null where the recipe has none.
    @Nullable TuneRecipe tune() {
        if (TuneKeys.ALL.stream().noneMatch(tree::isGiven)) {
            return null;
        }
        Map<String, Range> search = tree.optional(TuneKeys.SEARCH).orElse(Map.of());
        if (search.isEmpty()) {
            throw tree.where(TuneKeys.SEARCH.path()).error("names no key to search");
        }
        Method method = tree.optional(TuneKeys.METHOD).orElse(Method.HALVING);
        if (method == Method.RANDOM) {
            for (RecipeKey<?> key : List.of(TuneKeys.ETA, TuneKeys.RUNGS)) {
                if (tree.isGiven(key)) {
                    throw tree.where(key.path()).error("needs tune.method: halving");
                }
            }
        }
        return new TuneRecipe(
                method,
                tree.optional(TuneKeys.TRIALS).orElse(TRIALS),
                tree.optional(TuneKeys.TOKEN_BUDGET).orElse(0L),
                tree.optional(TuneKeys.ETA).orElse(ETA),
                method == Method.RANDOM ? 1 : tree.optional(TuneKeys.RUNGS).orElse(RUNGS),
                tree.optional(TuneKeys.SEED).orElse(SEED),
                search);
    }
}
