package io.chagres.train.plan;

import io.chagres.nn.transformer.TransformerConfig;
import io.chagres.tensor.backend.Backend;
import io.chagres.train.loop.StepPrediction;
import io.chagres.train.recipe.Checkpointing;
import io.chagres.train.recipe.FinetuneRecipe;
import io.chagres.train.recipe.ModelRecipe.NewModel;
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

    /// Tokens of the largest micro-batch, and number of the smallest ones.
    private static final long MOST_TOKENS = 1 << 20;

    private static final long MOST_PARTS = 1 << 16;

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
        return choice(config, Strategy.of(recipe));
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
    /// width that fits some memory when it is trained as a whole; the deepest first, and of equally
    /// deep ones the fastest.
    public List<Choice> depths(long bytes) {
        List<Choice> fit = new ArrayList<>();
        for (Strategy s : all()) {
            if (s.isWhole()) {
                deepest(bytes, s).ifPresent(fit::add);
            }
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
        StepPrediction step = StepPrediction.of(like, model, recipe, strategy.finetune(), train);
        double seconds = machine.seconds(step.cost(), strategy.precision());
        return new Choice(model.numLayers(), strategy, step, seconds);
    }

    private List<Strategy> all() {
        TrainRecipe train = recipe.train();
        Set<Precision> precisions = new LinkedHashSet<>();
        precisions.add(train.precision());
        precisions.add(Precision.F32);
        precisions.add(Precision.BF16);
        long sequences = (long) train.batchSize() * train.gradientAccumulation();
        List<Strategy> all = new ArrayList<>();
        for (Optional<FinetuneRecipe> method : methods()) {
            for (Precision precision : precisions) {
                for (TrainRecipe.Optimizer.Kind optimizer : TrainRecipe.Optimizer.Kind.values()) {
                    for (int batch : batches(sequences)) {
                        all.add(
                                new Strategy(
                                        method.orElse(null),
                                        precision,
                                        optimizer,
                                        batch,
                                        Math.toIntExact(sequences / batch),
                                        train.checkpointing()));
                    }
                }
            }
        }
        return all;
    }

    /// What may be trained: for a model that is there the recipe's own choice, all of it, and
    /// low-rank adapters.
    private List<Optional<FinetuneRecipe>> methods() {
        FinetuneRecipe own = recipe.finetune();
        if (recipe.model() instanceof NewModel) {
            return List.of(Optional.ofNullable(own));
        }
        List<Optional<FinetuneRecipe>> all = new ArrayList<>();
        all.add(Optional.of(own == null ? new FinetuneRecipe.Full() : own));
        if (own != null && !(own instanceof FinetuneRecipe.Full)) {
            all.add(Optional.of(new FinetuneRecipe.Full()));
        }
        if (!(own instanceof FinetuneRecipe.Lora)) {
            all.add(Optional.of(FinetuneRecipe.Lora.usual()));
        }
        return all;
    }

    /// Sizes of a micro-batch: the recipe's own, the whole step at once, halves of it as long as
    /// there are any, and a single sequence, as far as they are neither too large nor too many.
    private Set<Integer> batches(long sequences) {
        Set<Integer> sizes = new LinkedHashSet<>();
        sizes.add(recipe.train().batchSize());
        long longest = Math.max(1, MOST_TOKENS / recipe.data().sequenceLength());
        for (long size = sequences; size > 0; size = size % 2 == 0 ? size / 2 : 0) {
            if (size <= longest && sequences / size <= MOST_PARTS) {
                sizes.add(Math.toIntExact(size));
            }
        }
        if (sequences <= MOST_PARTS) {
            sizes.add(1);
        }
        return sizes;
    }
}
