package io.chagres.train.tune;

import io.chagres.tensor.io.AtomicFiles;
import io.chagres.tensor.io.Json;
import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.loop.TrainingException;
import io.chagres.train.metrics.MetricsHistory;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.metrics.Series;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The folder of a search: `tune.yaml`, the recipe with its ranges; `trials.jsonl`, what is known
/// of each trial; `trials/`, a run's folder for each; and `best.yaml`. Open in one process at a
/// time.
final class TuneFolder implements AutoCloseable {
    private static final List<String> LARGE = List.of("last", "best", "tokens", "tokenizer");

    private final Path root;
    private final FileChannel lock;

    private TuneFolder(Path root, FileChannel lock) {
        this.root = root;
        this.lock = lock;
    }

    static TuneFolder open(Path root) throws IOException {
        Files.createDirectories(root);
        FileChannel channel =
                FileChannel.open(
                        root.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (lock(channel) == null) {
            channel.close();
            throw new TrainingException("another search is writing to " + root);
        }
        return new TuneFolder(root, channel);
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    Path trials() {
        return root.resolve(Tuner.TRIALS_FILE);
    }

    Path best() {
        return root.resolve(Tuner.BEST_FILE);
    }

    /// Where the recipe of the best trial puts its run.
    Path bestRun() {
        return root.resolve("best");
    }

    Path run(Trial trial) {
        return root.resolve("trials").resolve("%03d".formatted(trial.number()));
    }

    /// The trials of an earlier process; empty where there was none.
    ///
    /// @throws TrainingException when they are those of another recipe
    List<Trial> read(Recipe recipe) throws IOException {
        if (!Files.exists(trials())) {
            return List.of();
        }
        String then = Files.readString(root.resolve(Tuner.RECIPE_FILE));
        if (!then.equals(recipe.toYaml())) {
            throw new TrainingException(
                    "%s is of another recipe, %s; search in another folder, or by that recipe"
                            .formatted(trials(), root.resolve(Tuner.RECIPE_FILE)));
        }
        List<Trial> trials = new ArrayList<>();
        for (String line : Files.readAllLines(trials())) {
            trials.add(Trial.read(Json.parse(line, trials() + ", line " + (trials.size() + 1))));
        }
        return List.copyOf(trials);
    }

    void writeRecipe(Recipe recipe) throws IOException {
        AtomicFiles.writeString(root.resolve(Tuner.RECIPE_FILE), recipe.toYaml());
    }

    void write(List<Trial> trials) throws IOException {
        AtomicFiles.writeString(
                trials(),
                trials.stream()
                        .map(t -> Json.line(t.toJson()) + "\n")
                        .collect(Collectors.joining()));
    }

    /// The loss of a trial that has come to the end of a rung although nobody noted it.
    OptionalDouble measured(Trial trial, long step) throws IOException {
        Path last = run(trial).resolve("last");
        boolean there =
                Stream.of("last", "last.new", "last.old")
                        .anyMatch(name -> Files.isDirectory(last.resolveSibling(name)));
        if (!there
                || Checkpoint.open(AtomicFiles.locate(last), 0).state().evaluatedStep() != step) {
            return OptionalDouble.empty();
        }
        Series losses =
                MetricsHistory.read(run(trial).resolve(MetricsLog.FILE_NAME))
                        .series(MetricsLog.VALIDATION_LOSS);
        long[] steps = losses.steps();
        boolean found = steps.length > 0 && steps[steps.length - 1] == step;
        return found
                ? OptionalDouble.of(losses.values()[steps.length - 1])
                : OptionalDouble.empty();
    }

    /// Deletes what is large of a trial that does not go on; its metrics stay.
    void forget(Trial trial) throws IOException {
        for (String name : LARGE) {
            Path folder = run(trial).resolve(name);
            if (Files.isDirectory(folder)) {
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(each);
                    }
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
