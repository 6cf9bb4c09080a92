package io.chagres.train.loop;

import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;
import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.checkpoint.CheckpointMismatch;
import io.chagres.train.checkpoint.RecipeMatch;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Trains a model by a recipe, from text to checkpoints.
///
/// The recipe's output folder receives `last/` (a [Checkpoint] to go on from), `best/` (the model
/// with the lowest loss on held-out text), `metrics.jsonl`, `tokenizer/` where one was trained, and
/// the corpus as tokens. A run that was stopped, killed or has crashed goes on from `last/` and
/// ends with the same bits, in weights and metrics, as one that was not.
///
/// Prints nothing and installs no signal handler: progress goes to a [TrainingListener], and
/// [#requestStop] or an interrupt of the thread ends a run early.
///
/// ```java
/// Recipe recipe = Recipe.load(Path.of("recipe.yaml"), Map.of());
/// TrainingResult result = new Trainer(recipe, TrainingListener.NONE).run(Trainer.Start.AUTO);
/// ```
public final class Trainer {
    /// Whether a run begins anew.
    public enum Start {
        /// A new run; refused where the output folder holds a checkpoint.
        NEW,
        /// Go on from the checkpoint in the output folder; refused where there is none.
        RESUME,
        /// Go on where there is a checkpoint, else begin.
        AUTO
    }

    private final Recipe recipe;
    private final TrainingListener listener;
    private volatile boolean stopRequested;

    /// A trainer for one run.
    public Trainer(Recipe recipe, TrainingListener listener) {
        this.recipe = recipe;
        this.listener = listener;
    }

    /// Asks the run to end: it finishes the step it is at, saves `last/` and returns. May be called
    /// from any thread, such as a shutdown hook, which should then wait for [#run] to return.
    public void requestStop() {
        stopRequested = true;
    }

    /// Trains on the recipe's device, with its number of host threads.
    ///
    /// @throws TrainingException when the run cannot start, or diverges
    /// @throws CheckpointMismatch when the recipe cannot go on from the checkpoint
    /// @throws io.chagres.train.data.DataException when the corpus cannot be read
    /// @throws io.chagres.tensor.memory.BudgetExceeded when `train.memory_limit` does not suffice
    /// @throws io.chagres.tensor.backend.DeviceFailed when there is no such device
    /// @throws IOException when a file cannot be read or written
    public TrainingResult run(Start start) throws IOException {
        try (Backend backend = Backends.open(recipe.device(), recipe.train().threads())) {
            return run(start, backend);
        }
    }

    /// Trains on a backend.
    ///
    /// @throws TrainingException when the run cannot start, or diverges
    /// @throws CheckpointMismatch when the recipe cannot go on from the checkpoint
    /// @throws io.chagres.train.data.DataException when the corpus cannot be read
    /// @throws io.chagres.tensor.memory.BudgetExceeded when `train.memory_limit` does not suffice
    /// @throws IOException when a file cannot be read or written
    public TrainingResult run(Start start, Backend backend) throws IOException {
        try (RunFolder folder = RunFolder.open(Path.of(recipe.output()))) {
            Checkpoint from = checkpoint(folder.last(), start);
            if (from != null) {
                RecipeMatch.check(recipe, from.recipe(), from.state().step())
                        .forEach(listener::warned);
            }
            try (Workspace work = Workspace.open(recipe, folder, backend, from, listener)) {
                announce(folder, backend, work);
                return train(folder, work, from);
            }
        }
    }

    private @Nullable Checkpoint checkpoint(Path last, Start start) throws IOException {
        boolean there = Files.isDirectory(last);
        if (there && start == Start.NEW) {
            throw new TrainingException(
                    "output: %s holds a checkpoint; resume it, or train into another folder"
                            .formatted(recipe.output()));
        }
        if (!there && start == Start.RESUME) {
            throw new TrainingException(
                    "output: there is no checkpoint %s to go on from".formatted(last));
        }
        return there
                ? Checkpoint.open(last, recipe.train().evaluation().earlyStopPatience())
                : null;
    }

    private void announce(RunFolder folder, Backend backend, Workspace work) {
        long perStep =
                (long) recipe.train().batchSize()
                        * recipe.train().gradientAccumulation()
                        * recipe.data().sequenceLength();
        if (recipe.train().evaluation().every() > 0 && work.data().heldOutTargets() == 0) {
            listener.warned("no text is held out (data.held_out), so there is no evaluation");
        }
        listener.started(
                new RunInfo(
                        work.model().model().config(),
                        work.model().parameters(),
                        work.optimizer().parameters().stream()
                                .mapToLong(t -> t.shape().size())
                                .sum(),
                        backend.describe(),
                        work.state().step(),
                        recipe.train().steps(),
                        perStep,
                        work.data().trainTargets(),
                        work.data().heldOutTargets(),
                        folder.root()));
    }

    private TrainingResult train(RunFolder folder, Workspace work, @Nullable Checkpoint from)
            throws IOException {
        // An interrupt would break the writing of files: it is taken as a request and given back.
        boolean[] interrupted = {false};
        try (MetricsLog log =
                        from == null
                                ? MetricsLog.create(folder.metrics())
                                : MetricsLog.resume(folder.metrics(), from.state().step());
                Board board = Board.open(recipe.tensorboard(), folder.tensorboard())) {
            TrainingRun run =
                    new TrainingRun(
                            recipe,
                            folder,
                            work,
                            log,
                            board,
                            listener,
                            from != null,
                            () -> {
                                interrupted[0] |= Thread.interrupted();
                                return stopRequested || interrupted[0];
                            });
            TrainingResult result = run.run();
            listener.finished(result);
            return result;
        } finally {
            if (interrupted[0]) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
