package io.chagres.train.loop;

import io.chagres.nn.loss.Distillation;
import io.chagres.nn.loss.PreferenceLoss;
import io.chagres.nn.moe.RouterMonitor;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.recipe.TrainRecipe;
import org.jspecify.annotations.Nullable;

/// What a step trains besides the prediction of the next token, or instead of it.
///
/// @param nextTokensWeight weight of multi-token prediction
/// @param biasRate how far the bias of a router moves per step
/// @param routers counts and balances what routers choose; null for a model without any
/// @param distillation the teacher; null for none
/// @param preferences preferences, which take the place of next-token prediction; null for none
public record Objective(
        double nextTokensWeight,
        double biasRate,
        @Nullable RouterMonitor routers,
        @Nullable Distillation distillation,
        @Nullable Preferences preferences) {
    /// The next token alone.
    public static final Objective NEXT_TOKEN = new Objective(0, 0, null);

    /// Training by preferences.
    ///
    /// @param loss the loss
    /// @param reference what the model is compared with; null where batches bring its
    ///   log-probabilities
    public record Preferences(PreferenceLoss loss, @Nullable Transformer reference) {}

    /// An objective without a teacher.
    public Objective(double nextTokensWeight, double biasRate, @Nullable RouterMonitor routers) {
        this(nextTokensWeight, biasRate, routers, null, null);
    }

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

    /// The same with a teacher, or with preferences.
    Objective with(@Nullable Distillation teacher, @Nullable Preferences answers) {
        return new Objective(nextTokensWeight, biasRate, routers, teacher, answers);
    }

    /// Whether this is the next token alone.
    boolean isPlain() {
        return routers == null
                && nextTokensWeight == 0
                && distillation == null
                && preferences == null;
    }
}
