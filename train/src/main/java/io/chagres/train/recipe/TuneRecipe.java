package io.chagres.train.recipe;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// How a recipe's values are searched for.
///
/// @param method which trials are trained for how long
/// @param trials most settings that are tried
/// @param tokenBudget most tokens of all trials together, 0 for as many as the trials take
/// @param eta of how many trials one goes on to the next rung, and by how much rungs grow
/// @param rungs rungs of halving, the last of which is the recipe's own length
/// @param seed what decides the settings
/// @param search the values to try by key, in order
public record TuneRecipe(
        Method method,
        int trials,
        long tokenBudget,
        int eta,
        int rungs,
        long seed,
        Map<String, Range> search) {
    /// Copies the map and keeps its order.
    public TuneRecipe {
        search = Collections.unmodifiableMap(new LinkedHashMap<>(search));
    }

    /// Which trials are trained for how long.
    public enum Method {
        /// All of them as long as the recipe says.
        RANDOM,
        /// All of them a little, the best of them longer, and so on: successive halving.
        HALVING
    }
}
