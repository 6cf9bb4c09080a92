package io.chagres.train.recipe;

import io.chagres.nn.prune.MagnitudePruning;
import io.chagres.train.schedule.SparsityRamp;

/// How weights are pruned while a model trains.
///
/// @param target which weights are 0 in the end
/// @param ramp how many are at which step
public record PruningRecipe(MagnitudePruning target, SparsityRamp ramp) {
    /// The methods by name.
    public enum Method {
        /// The least weights of the whole model.
        GLOBAL,
        /// The least weights of each matrix.
        UNIFORM,
        /// The least weights of each group of inputs.
        PATTERN
    }

    /// Which weights are 0 from a step on.
    public MagnitudePruning at(long step) {
        return target.at(ramp.at(step));
    }
}
