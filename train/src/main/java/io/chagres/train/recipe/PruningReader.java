package io.chagres.train.recipe;

import io.chagres.nn.prune.MagnitudePruning;
import io.chagres.train.recipe.PruningRecipe.Method;
import io.chagres.train.schedule.SparsityRamp;
import org.jspecify.annotations.Nullable;

/// Reads how weights are pruned while a model trains.
///
/// @param tree all values
record PruningReader(RecipeTree tree) {
    private static final long EVERY = 10;

    /// How weights are pruned; null where the recipe does not prune.
    @Nullable PruningRecipe pruning(@Nullable FinetuneRecipe finetune, long steps) {
        RecipeKey<?> given =
                PruningKeys.ALL.stream().filter(tree::isGiven).findFirst().orElse(null);
        if (given == null) {
            return null;
        }
        require(
                finetune == null || finetune instanceof FinetuneRecipe.Full,
                given,
                "only what is trained can be pruned: it needs finetune.method: full");
        MagnitudePruning target = target(given);
        double initial = tree.optional(PruningKeys.INITIAL_SPARSITY).orElse(0.0);
        require(
                initial <= target.sparsity(),
                PruningKeys.INITIAL_SPARSITY,
                "%s is more than the %s in the end".formatted(initial, target.sparsity()));
        long start = tree.optional(PruningKeys.START_STEP).orElse(0L);
        long end = tree.optional(PruningKeys.END_STEP).orElse(Math.max(start, steps / 2));
        RecipeKey<Long> last =
                tree.isGiven(PruningKeys.END_STEP) ? PruningKeys.END_STEP : PruningKeys.START_STEP;
        require(end < steps, last, "%d is not below train.steps, %d".formatted(end, steps));
        require(
                start <= end,
                PruningKeys.END_STEP,
                "%d is before pruning.start_step, %d".formatted(end, start));
        return new PruningRecipe(
                target,
                new SparsityRamp(
                        initial,
                        target.sparsity(),
                        start,
                        end,
                        tree.optional(PruningKeys.EVERY).orElse(EVERY)));
    }

    private MagnitudePruning target(RecipeKey<?> given) {
        boolean pattern = tree.isGiven(PruningKeys.PATTERN);
        Method method =
                tree.optional(PruningKeys.METHOD).orElse(pattern ? Method.PATTERN : Method.GLOBAL);
        if (method == Method.PATTERN) {
            require(pattern, PruningKeys.METHOD, "needs pruning.pattern, such as 2:4");
            require(
                    !tree.isGiven(PruningKeys.SPARSITY),
                    PruningKeys.SPARSITY,
                    "follows from pruning.pattern");
            try {
                return MagnitudePruning.Grouped.of(tree.get(PruningKeys.PATTERN));
            } catch (IllegalArgumentException e) {
                throw tree.where(PruningKeys.PATTERN.path()).error(String.valueOf(e.getMessage()));
            }
        }
        require(!pattern, PruningKeys.PATTERN, "needs pruning.method: pattern");
        require(
                tree.isGiven(PruningKeys.SPARSITY),
                given,
                "needs pruning.sparsity or pruning.pattern");
        double sparsity = tree.get(PruningKeys.SPARSITY);
        return method == Method.GLOBAL
                ? new MagnitudePruning.Global(sparsity)
                : new MagnitudePruning.Uniform(sparsity);
    }

    private void require(boolean holds, RecipeKey<?> key, String problem) {
        if (!holds) {
            throw tree.where(key.path()).error(problem);
        }
    }
}
