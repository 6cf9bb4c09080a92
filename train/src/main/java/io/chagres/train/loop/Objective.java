package io.chagres.train.loop;

import io.chagres.nn.moe.RouterMonitor;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.recipe.TrainRecipe;
import org.jspecify.annotations.Nullable;

/// What a step trains besides the prediction of the next token.
///
/// @param nextTokensWeight weight of multi-token prediction
/// @param biasRate how far the bias of a router moves per step
/// @param routers counts and balances what routers choose; null for a model without any
public record Objective(double nextTokensWeight, double biasRate, @Nullable RouterMonitor routers) {
    /// The next token alone.
    public static final Objective NEXT_TOKEN = new Objective(0, 0, null);

    /// What a recipe asks for.
    ///
    /// @param weights an arena that is never reset, for the counts
    static Objective of(TrainRecipe.Mixtures wanted, Transformer model, TensorArena weights) {
        var losses = new RouterMonitor.Losses(wanted.sequenceLoss(), wanted.zLoss());
        var mixtures = model.mixtures();
        return new Objective(
                model.nextTokens().isEmpty() ? 0 : wanted.nextTokensWeight(),
                wanted.biasRate(),
                mixtures.isEmpty() ? null : new RouterMonitor(mixtures, weights, losses));
    }

    /// Whether this is the next token alone.
    boolean isPlain() {
        return routers == null && nextTokensWeight == 0;
    }
}
