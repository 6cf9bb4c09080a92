package io.chagres.train.recipe;

import io.chagres.nn.prune.MagnitudePruning;
import io.chagres.train.recipe.PruningRecipe.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The keys of pruning, part of the table of [Keys].
final class PruningKeys {
    private static final long MANY = 1_000_000_000_000L;
    private static final List<RecipeKey<?>> TABLE = new ArrayList<>();

    static final RecipeKey<Method> METHOD =
            key(
                    "method",
                    ValueType.constant(List.of(Method.values())),
                    "Which weights become 0, and stay so: the least of the whole model (global, the"
                            + " default), of each matrix (uniform), or of each group of inputs"
                            + " (pattern).",
                    p ->
                            switch (p.target()) {
                                case MagnitudePruning.Global _ -> Method.GLOBAL;
                                case MagnitudePruning.Uniform _ -> Method.UNIFORM;
                                case MagnitudePruning.Grouped _ -> Method.PATTERN;
                            });
    static final RecipeKey<Double> SPARSITY =
            key(
                    "sparsity",
                    ValueType.numberBelow(0, 1),
                    "The part of the weights of the layers that is 0 in the end; for methods global"
                            + " and uniform.",
                    p -> p.target() instanceof MagnitudePruning.Grouped ? null : p.ramp().last());
    static final RecipeKey<String> PATTERN =
            key(
                    "pattern",
                    ValueType.text("N:M, such as 2:4"),
                    "Of each M successive inputs of an output, the N largest weights are kept; for"
                            + " method pattern, which it implies.",
                    p -> p.target() instanceof MagnitudePruning.Grouped g ? g.toString() : null);
    static final RecipeKey<Double> INITIAL_SPARSITY =
            key(
                    "initial_sparsity",
                    ValueType.numberBelow(0, 1),
                    "The part that is 0 after the first pruning, from where it rises by a cubic"
                            + " curve; by default 0.",
                    p -> p.ramp().first());
    static final RecipeKey<Long> START_STEP =
            key(
                    "start_step",
                    ValueType.whole(0, MANY),
                    "Step before which weights are first pruned, counted from 0; by default 0.",
                    p -> p.ramp().start());
    static final RecipeKey<Long> END_STEP =
            key(
                    "end_step",
                    ValueType.whole(0, MANY),
                    "Step before which weights are last pruned; the steps from there on are for"
                            + " recovery. By default half of all steps; the same as start_step for"
                            + " all at once.",
                    p -> p.ramp().end());
    static final RecipeKey<Long> EVERY =
            key(
                    "every",
                    ValueType.whole(1, MANY),
                    "Steps from one pruning to the next; by default 10.",
                    p -> p.ramp().every());

    /// All of them, in order.
    static final List<RecipeKey<?>> ALL = List.copyOf(TABLE);

    private PruningKeys() {}

    private static <T> RecipeKey<T> key(
            String name,
            ValueType<T> type,
            String description,
            Function<PruningRecipe, @Nullable T> value) {
        var key =
                new RecipeKey<T>(
                        "pruning." + name,
                        type,
                        null,
                        description,
                        r -> {
                            PruningRecipe there = r.pruning();
                            return there == null ? null : value.apply(there);
                        });
        TABLE.add(key);
        return key;
    }
}
