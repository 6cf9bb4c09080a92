package io.chagres.train.tune;

import io.chagres.nn.UnsupportedModel;
import io.chagres.tensor.io.AtomicFiles;
import io.chagres.tensor.memory.BudgetExceeded;
import io.chagres.tensor.random.Rng;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingException;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.recipe.Range;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.RecipeException;
import io.chagres.train.recipe.TuneRecipe;
import io.chagres.train.tune.Rungs.Rung;
import io.chagres.train.tune.Trial.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Searches the ranges of a recipe for the values with the lowest held-out loss, by random search
/// or successive halving.
///
/// Settings are drawn from the seed alone, one stream of random numbers for each trial, so the same
/// seed tries the same settings, and a larger budget only more of them. Every trial has the
/// schedule of a whole run: the one that ends last has been trained exactly as the recipe of the
/// best values says, to the bit. A trial that goes on to the next rung goes on from its checkpoint,
/// so a rung costs what it adds to the one before. Trials that are judged early are judged before
/// their learning rate has fallen, which makes high rates look worse than they will be; `schedule:
/// constant` or fewer rungs avoid that.
///
/// A length is in tokens. Where what is searched changes the tokens of a step, a trial takes as
/// many more or fewer steps.
///
/// The recipe's output folder receives `trials.jsonl`, `best.yaml` and the trials' runs. A trial
/// whose values contradict each other, that does not fit the memory or that diverges has failed and
/// is left out. A search that was stopped or killed goes on where it was, within a trial too.
public final class Tuner {
    /// The file of all trials, one a line.
    public static final String TRIALS_FILE = "trials.jsonl";

    /// The file of the recipe with the best values.
    public static final String BEST_FILE = "best.yaml";

    /// The file of the recipe that is searched.
    static final String RECIPE_FILE = "tune.yaml";

    private static final int MOST_DRAWS = 100;
    private static final String STEPS = "train.steps";

    /// Makes a recipe with other values.
    @FunctionalInterface
    public interface Variants {
        /// The recipe that is searched, with some values as flags would give them.
        ///
        /// @throws RecipeException when values contradict each other
        Recipe with(Map<String, String> values) throws IOException;
    }

    /// What a search came to.
    ///
    /// @param complete whether it is done; otherwise it can be resumed
    /// @param trials all trials, the best first, those that failed last
    /// @param recipe the file with the best values; null as long as there are none
    /// @param run folder of the best trial's run; null as long as there is none
    public record Outcome(
            boolean complete, List<Trial> trials, @Nullable Path recipe, @Nullable Path run) {}

    private final Variants variants;
    private final TuneListener listener;
    private volatile boolean stopRequested;
    private volatile @Nullable Trainer running;

    /// A search.
    ///
    /// @param variants makes recipes; without other values, the one that is searched
    public Tuner(Variants variants, TuneListener listener) {
        this.variants = variants;
        this.listener = listener;
    }

    /// Asks the search to end after the step it is at, which is saved. May be called from any
    /// thread.
    public void requestStop() {
        stopRequested = true;
        Trainer now = running;
        if (now != null) {
            now.requestStop();
        }
    }

    /// Searches.
    ///
    /// @param resume whether to go on with the search in the output folder; otherwise there must be
    ///   none
    /// @throws TrainingException when the recipe has no ranges, holds no text out or has too small
    ///   a budget, or when every trial fails
    /// @throws IOException when a file cannot be read or written
    public Outcome run(boolean resume) throws IOException {
        Recipe base = variants.with(Map.of());
        TuneRecipe wanted = base.tune();
        if (wanted == null) {
            throw new TrainingException(
                    "tune.search: the recipe names no values to search, such as"
                            + " {train.learning_rate: {log_uniform: [1e-4, 3e-3]}}");
        }
        if (base.data().heldOut() == 0) {
            throw new TrainingException(
                    "data.held_out: a search compares losses on held-out text, so it must be above"
                            + " 0");
        }
        long whole = base.train().steps() * tokens(base);
        Rungs rungs = Rungs.of(wanted, whole);
        try (TuneFolder folder = TuneFolder.open(Path.of(base.output()))) {
            boolean there = Files.exists(folder.trials());
            if (there != resume) {
                throw new TrainingException(
                        there
                                ? "output: %s holds a search; resume it, or search in another folder"
                                        .formatted(base.output())
                                : "output: there is no search in %s to go on with"
                                        .formatted(base.output()));
            }
            List<Trial> trials = new ArrayList<>(folder.read(base));
            if (trials.isEmpty()) {
                trials.addAll(draw(wanted, rungs.all().getFirst().trials()));
                folder.writeRecipe(base);
                folder.write(trials);
            }
            return new Search(folder, rungs, whole, trials).run();
        }
    }

    /// Most targets in a step.
    private static long tokens(Recipe recipe) {
        return (long) recipe.train().batchSize()
                * recipe.train().gradientAccumulation()
                * recipe.data().sequenceLength();
    }

    /// Settings, no two of them the same; fewer where there are no more.
    static List<Trial> draw(TuneRecipe wanted, int count) {
        Rng seed = new Rng(wanted.seed());
        Set<Map<String, String>> seen = new HashSet<>();
        List<Trial> trials = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Rng own = seed.stream(i);
            for (int n = 0; n < MOST_DRAWS; n++) {
                Map<String, String> values = new LinkedHashMap<>();
                for (Map.Entry<String, Range> e : wanted.search().entrySet()) {
                    values.put(e.getKey(), e.getValue().at(own.nextUniform()));
                }
                if (seen.add(values)) {
                    trials.add(Trial.fresh(trials.size(), values));
                    break;
                }
            }
        }
        return trials;
    }

    /// A search under way.
    private final class Search {
        private final TuneFolder folder;
        private final Rungs rungs;
        private final long whole;
        private final List<Trial> trials;

        Search(TuneFolder folder, Rungs rungs, long whole, List<Trial> trials) {
            this.folder = folder;
            this.rungs = rungs;
            this.whole = whole;
            this.trials = trials;
        }

        Outcome run() throws IOException {
            listener.planned(rungs, trials.size());
            List<Integer> left = new ArrayList<>(trials.stream().map(Trial::number).toList());
            for (int k = 0; k < rungs.all().size(); k++) {
                Rung rung = rungs.all().get(k);
                List<Integer> chosen = best(left, rung.trials(), k);
                for (int number : left) {
                    if (!chosen.contains(number)) {
                        folder.forget(trials.get(number));
                    }
                }
                listener.rung(k, chosen.size());
                for (int number : chosen) {
                    if (!climb(number, k)) {
                        return new Outcome(false, ranked(), null, null);
                    }
                }
                int done = k + 1;
                left = chosen.stream().filter(n -> trials.get(n).results().size() >= done).toList();
                if (left.isEmpty()) {
                    throw new TrainingException(
                            "every trial has failed; the first: "
                                    + trials.getFirst().error()
                                    + " (see "
                                    + folder.trials()
                                    + ")");
                }
            }
            int done = rungs.all().size();
            Trial winner = trials.get(best(left, 1, done).getFirst());
            for (int number : left) {
                if (number != winner.number()) {
                    folder.forget(trials.get(number));
                }
            }
            Recipe recipe = recipe(winner).settled(folder.bestRun().toString());
            AtomicFiles.writeString(folder.best(), recipe.toYaml());
            return new Outcome(true, ranked(), folder.best(), folder.run(winner));
        }

        /// Those with the lowest loss after some rungs, in the order of their numbers.
        private List<Integer> best(List<Integer> from, int count, int rungsDone) {
            return from.stream()
                    .sorted(
                            Comparator.comparingDouble(n ->
                                    rungsDone == 0
                                            ? 0
                                            : trials.get(n).results().get(rungsDone - 1).loss()))
                    .limit(count)
                    .sorted()
                    .toList();
        }

        private List<Trial> ranked() {
            return trials.stream()
                    .sorted(
                            Comparator.comparing(Trial::failed)
                                    .thenComparingInt(t -> -t.results().size())
                                    .thenComparingDouble(Trial::loss))
                    .toList();
        }

        /// Trains a trial to the end of a rung, unless it has been there.
        ///
        /// @return whether there is time to go on
        private boolean climb(int number, int k) throws IOException {
            Trial trial = trials.get(number);
            if (trial.failed() || trial.results().size() > k) {
                return true;
            }
            Trial after;
            try {
                Result result = train(trial, k);
                if (result == null) {
                    return false;
                }
                after =
                        Double.isFinite(result.loss())
                                ? trial.with(result)
                                : trial.failing("the held-out loss is " + result.loss());
            } catch (RecipeException
                    | TrainingException
                    | BudgetExceeded
                    | UnsupportedModel
                    | IllegalArgumentException e) {
                after = trial.failing(String.valueOf(e.getMessage()));
            }
            trials.set(number, after);
            folder.write(trials);
            if (after.failed()) {
                folder.forget(after);
            }
            listener.finished(after, k);
            return true;
        }

        /// The recipe with a trial's values, as long as the search has tokens for.
        private Recipe recipe(Trial trial) throws IOException {
            Recipe one = variants.with(trial.values());
            long steps = Math.max(1, whole / tokens(one));
            return steps == one.train().steps()
                    ? one
                    : variants.with(and(trial.values(), Map.of(STEPS, Long.toString(steps))));
        }

        /// @return null when it was stopped
        private @Nullable Result train(Trial trial, int k) throws IOException {
            Recipe settled = recipe(trial);
            long all = settled.train().steps();
            long perStep = tokens(settled);
            boolean last = k == rungs.all().size() - 1;
            long target = last ? all : Math.clamp(rungs.all().get(k).tokens() / perStep, 1L, all);
            if (!trial.results().isEmpty() && trial.results().getLast().step() == target) {
                Result before = trial.results().getLast();
                return new Result(target, before.tokens(), before.loss(), 0);
            }
            OptionalDouble known = folder.measured(trial, target);
            if (known.isPresent()) {
                return new Result(target, target * perStep, known.getAsDouble(), 0);
            }
            Recipe run =
                    variants.with(
                            and(
                                    trial.values(),
                                    Map.of(
                                            STEPS,
                                            Long.toString(all),
                                            "train.eval_every",
                                            Long.toString(target),
                                            "train.early_stop_patience",
                                            "0",
                                            "train.keep_best",
                                            "false",
                                            "train.sample_every",
                                            "0",
                                            "output",
                                            folder.run(trial).toString())));
            long start = System.nanoTime();
            Watch watch = new Watch(trial, k, target);
            Trainer trainer = new Trainer(run, watch);
            watch.trainer = trainer;
            running = trainer;
            if (stopRequested) {
                return null;
            }
            try {
                var _ = trainer.run(Trainer.Start.AUTO);
            } finally {
                running = null;
            }
            double seconds = (System.nanoTime() - start) * 1e-9;
            Evaluation found = watch.found;
            if (found == null) {
                if (stopRequested || Thread.currentThread().isInterrupted()) {
                    return null;
                }
                throw new TrainingException("data.held_out: no text is held out to compare by");
            }
            return new Result(target, target * perStep, found.loss(), seconds);
        }
    }

    private static Map<String, String> and(Map<String, String> values, Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(values);
        all.putAll(more);
        return all;
    }

    /// Stops a trial at the end of its rung, when that is evaluated.
    private final class Watch implements TrainingListener {
        private final Trial trial;
        private final int rung;
        private final long target;
        private @Nullable Trainer trainer;
        private @Nullable Evaluation found;

        Watch(Trial trial, int rung, long target) {
            this.trial = trial;
            this.rung = rung;
            this.target = target;
        }

        @Override
        public void step(StepMetrics metrics) {
            listener.step(trial, rung, metrics, target);
        }

        @Override
        public void evaluated(long step, Evaluation evaluation) {
            if (step == target) {
                found = evaluation;
                if (trainer != null) {
                    trainer.requestStop();
                }
            }
        }

        @Override
        public void warned(String message) {
            listener.warned(trial, message);
        }
    }
}
