package io.chagres.train.recipe;

import io.chagres.train.recipe.TuneRecipe.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The keys of a search for values, part of the table of [Keys].
final class TuneKeys {
    private static final int MUCH = 1 << 16;
    private static final List<RecipeKey<?>> TABLE = new ArrayList<>();

    static final RecipeKey<Map<String, Range>> SEARCH =
            key(
                    "search",
                    ValueType.search(),
                    "Values that `tune` tries by key, as {train.learning_rate: {log_uniform: [1e-4,"
                            + " 3e-3]}, finetune.r: {choice: [4, 8]}}; there is uniform too.",
                    TuneRecipe::search);
    static final RecipeKey<Method> METHOD =
            key(
                    "method",
                    ValueType.constant(List.of(Method.values())),
                    "random trains every trial for train.steps; halving, the default, all a"
                            + " little, the best of them longer, and so on.",
                    TuneRecipe::method);
    static final RecipeKey<Integer> TRIALS =
            key(
                    "trials",
                    ValueType.integer(1, MUCH),
                    "Most settings that are tried; by default 16.",
                    TuneRecipe::trials);
    static final RecipeKey<Long> TOKEN_BUDGET =
            key(
                    "token_budget",
                    ValueType.whole(1, Long.MAX_VALUE),
                    "Most tokens that all trials train on together; fewer settings are tried"
                            + " where it does not suffice for tune.trials.",
                    t -> t.tokenBudget() == 0 ? null : t.tokenBudget());
    static final RecipeKey<Integer> ETA =
            key(
                    "eta",
                    ValueType.integer(2, 100),
                    "Of so many trials one goes on, for so many times the tokens (halving only);"
                            + " by default 3.",
                    t -> t.method() == Method.HALVING ? t.eta() : null);
    static final RecipeKey<Integer> RUNGS =
            key(
                    "rungs",
                    ValueType.integer(1, 20),
                    "Rungs, of which the last is train.steps long (halving only); by default 3.",
                    t -> t.method() == Method.HALVING ? t.rungs() : null);
    static final RecipeKey<Long> SEED =
            key(
                    "seed",
                    ValueType.whole(Long.MIN_VALUE, Long.MAX_VALUE),
                    "What decides the settings; by default 42.",
                    TuneRecipe::seed);

    /// All of them, in order.
    static final List<RecipeKey<?>> ALL = List.copyOf(TABLE);

    private TuneKeys() {}

    private static <T> RecipeKey<T> key(
            String name,
            ValueType<T> type,
            String description,
            Function<TuneRecipe, @Nullable T> value) {
        var key =
                new RecipeKey<T>(
                        "tune." + name,
                        type,
                        null,
                        description,
                        r -> {
                            TuneRecipe tune = r.tune();
                            return tune == null ? null : value.apply(tune);
                        });
        TABLE.add(key);
        return key;
    }
}
