package io.chagres.train.plan;

import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.backend.Backend;
import io.chagres.train.loop.StepPrediction;
import io.chagres.train.recipe.Checkpointing;
import io.chagres.train.recipe.Precision;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TrainRecipe;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Finds what fits a machine's memory, and how fast it is there.
public final class Planner {
    /// The deepest model that is looked at.
    private static final int DEEPEST = 512;

    /// A way to train, and what a step of it takes.
    ///
    /// @param layers blocks of the model
    /// @param strategy how
    /// @param step what a step takes
    /// @param seconds how long it takes
    public record Choice(int layers, Strategy strategy, StepPrediction step, double seconds) {
        /// Training tokens in a second.
        public double tokensPerSecond() {
            return step.tokens() / seconds;
        }
    }

    private final Backend like;
    private final TransformerConfig config;
    private final Recipe recipe;
    private final Hardware machine;

    /// A planner for a recipe.
    ///
    /// @param like backend that runs will be on
    /// @param config the recipe's model
    /// @param machine what times are for
    public Planner(Backend like, TransformerConfig config, Recipe recipe, Hardware machine) {
        this.like = like;
        this.config = config;
        this.recipe = recipe;
        this.machine = machine;
    }

    /// What the recipe says, as it is.
    public Choice asItIs() {
        return choice(config, Strategy.of(recipe.train()));
    }

    /// Ways to take the recipe's step within some memory, the fastest first, and of equally fast
    /// ones the smallest. Each computes as few activations again as it must.
    public List<Choice> strategies(long bytes) {
        List<Choice> fit = new ArrayList<>();
        for (Strategy s : all()) {
            within(bytes, config, s).ifPresent(fit::add);
        }
        fit.sort(
                Comparator.comparingDouble(Choice::seconds)
                        .thenComparingLong(c -> c.step().peakBytes()));
        return fit;
    }

    /// The smallest step there is: every activation computed again, one sequence at a time.
    public Choice smallest() {
        return all().stream()
                .map(s -> choice(config, s.with(new Checkpointing.Blocks())))
                .min(Comparator.comparingLong(c -> c.step().peakBytes()))
                .orElseThrow();
    }

    /// For each precision, optimizer and size of the micro-batch the deepest model of the recipe's
    /// width that fits some memory; the deepest first, and of equally deep ones the fastest.
    public List<Choice> depths(long bytes) {
        List<Choice> fit = new ArrayList<>();
        for (Strategy s : all()) {
            deepest(bytes, s).ifPresent(fit::add);
        }
        fit.sort(
                Comparator.comparingInt(Choice::layers)
                        .reversed()
                        .thenComparingDouble(Choice::seconds));
        return fit;
    }

    private Optional<Choice> deepest(long bytes, Strategy strategy) {
        Strategy tight = strategy.with(new Checkpointing.Blocks());
        int low = 0;
        int high = 1;
        while (high <= DEEPEST && fits(bytes, high, tight)) {
            low = high;
            high *= 2;
        }
        high = Math.min(high, DEEPEST + 1);
        while (high - low > 1) {
            int middle = (low + high) / 2;
            if (fits(bytes, middle, tight)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low == 0 ? Optional.empty() : within(bytes, deep(low), strategy);
    }

    private boolean fits(long bytes, int layers, Strategy strategy) {
        return choice(deep(layers), strategy).step().peakBytes() <= bytes;
    }

    private TransformerConfig deep(int layers) {
        return config.toBuilder().numLayers(layers).build();
    }

    private Optional<Choice> within(long bytes, TransformerConfig model, Strategy strategy) {
        Choice tight = choice(model, strategy.with(new Checkpointing.Blocks()));
        if (tight.step().peakBytes() > bytes) {
            return Optional.empty();
        }
        Choice best = choice(model, strategy.with(new Checkpointing.Budget(bytes)));
        int again = best.step().recomputedBlocks();
        Checkpointing simple =
                again == 0
                        ? new Checkpointing.None()
                        : again == tight.step().recomputedBlocks()
                                ? new Checkpointing.Blocks()
                                : new Checkpointing.Budget(bytes);
        return Optional.of(
                new Choice(best.layers(), strategy.with(simple), best.step(), best.seconds()));
    }

    private Choice choice(TransformerConfig model, Strategy strategy) {
        TrainRecipe train = strategy.applyTo(recipe.train());
        StepPrediction step = StepPrediction.of(like, model, train, recipe.data().sequenceLength());
        return new Choice(model.numLayers(), strategy, step, machine.seconds(step.cost()));
    }

    private List<Strategy> all() {
        TrainRecipe train = recipe.train();
        Set<Precision> precisions = new LinkedHashSet<>();
        precisions.add(train.precision());
        precisions.add(Precision.F32);
        precisions.add(Precision.BF16);
        List<Strategy> all = new ArrayList<>();
        for (Precision precision : precisions) {
            for (TrainRecipe.Optimizer.Kind optimizer : TrainRecipe.Optimizer.Kind.values()) {
                for (int batch : batches(train.batchSize() * train.gradientAccumulation())) {
                    all.add(
                            new Strategy(
                                    precision,
                                    optimizer,
                                    batch,
                                    train.batchSize() * train.gradientAccumulation() / batch,
                                    train.checkpointing()));
                }
            }
        }
        return all;
    }

    /// The whole step at once, and halves of it as long as there are any, down to one sequence.
    private static Set<Integer> batches(int sequences) {
        Set<Integer> sizes = new LinkedHashSet<>();
        int size = sequences;
        sizes.add(size);
        while (size % 2 == 0) {
            size /= 2;
            sizes.add(size);
        }
        sizes.add(1);
        return sizes;
    }
}
