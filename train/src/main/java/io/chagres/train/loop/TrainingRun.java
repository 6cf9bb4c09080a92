package io.chagres.train.loop;

import io.chagres.nn.moe.RouterReport;
import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.checkpoint.TrainerState;
import io.chagres.train.data.Batch;
import io.chagres.train.data.BatchSource;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.TrainingResult.Reason;
import io.chagres.train.metrics.EarlyStop;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.metrics.MovingAverage;
import io.chagres.train.metrics.Overfitting;
import io.chagres.train.metrics.Progress;
import io.chagres.train.optim.GradScaler;
import io.chagres.train.recipe.Recipe;
import io.chagres.train.recipe.TrainRecipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The steps of a run. Each turn of the loop first does what is due at the step reached (evaluate,
/// write samples, save), and notes it as done, so that a run which is stopped or killed at any
/// point goes on as if it had not been.
final class TrainingRun {
    /// Steps in a row that may be skipped for a loss or gradient that is not finite.
    static final int MOST_NON_FINITE = 20;

    private static final int SPEED_WINDOW = 20;

    private final Recipe recipe;
    private final TrainRecipe train;
    private final RunFolder folder;
    private final Workspace work;
    private final TrainingListener listener;
    private final BooleanSupplier stop;
    private final MetricsLog log;
    private final Board board;
    private final BatchSource batches;
    private final TrainingStep trainingStep;
    private final RunEvaluator evaluator;
    private final Progress progress;
    private final @Nullable RunPruning pruning;

    private long step;
    private long tokens;
    private long rngOffset;
    private MovingAverage loss;
    private int nonFinite;
    private GradScaler scaler;
    private double lastFinite;
    private EarlyStop earlyStop;
    private Overfitting overfitting;
    private long evaluatedStep;
    private long sampledStep;
    private boolean saved;
    private @Nullable Evaluation evaluation;

    /// A run at the place its state says.
    ///
    /// @param saved whether that place is on the disk already
    /// @param stop asked whether to end early
    TrainingRun(
            Recipe recipe,
            RunFolder folder,
            Workspace work,
            MetricsLog log,
            Board board,
            TrainingListener listener,
            boolean saved,
            BooleanSupplier stop) {
        this.recipe = recipe;
        this.train = recipe.train();
        this.folder = folder;
        this.work = work;
        this.log = log;
        this.board = board;
        this.listener = listener;
        this.saved = saved;
        this.stop = stop;
        TrainerState state = work.state();
        int length = recipe.data().sequenceLength();
        batches = work.data().trainBatches(length, train.batchSize(), recipe.data().seed());
        batches.seek(state.cursor());
        trainingStep =
                new TrainingStep(
                        work.model().training(),
                        work.optimizer(),
                        work.step(),
                        train.precision(),
                        train.dropout(),
                        train.seed(),
                        work.objective(),
                        work.recomputedBlocks(),
                        work.model().adapter());
        evaluator = RunEvaluator.of(work, train.precision());
        progress = new Progress(System::nanoTime, state.step(), train.steps(), SPEED_WINDOW);
        pruning = RunPruning.of(recipe.pruning(), work.model().model(), work.optimizer());
        step = state.step();
        tokens = state.tokens();
        rngOffset = state.rngOffset();
        loss = state.trainingLoss();
        nonFinite = state.nonFiniteSteps();
        scaler = state.scaler().goingOn(train.precision().scalesLoss(), train.lossScale());
        lastFinite = state.lastFiniteLoss();
        earlyStop = state.earlyStop();
        overfitting = state.overfitting();
        evaluatedStep = state.evaluatedStep();
        sampledStep = state.sampledStep();
    }

    /// Trains until a reason to end comes up.
    TrainingResult run() throws IOException {
        Reason reason = doWhatIsDue();
        while (reason == null) {
            step();
            reason = doWhatIsDue();
        }
        if (!saved) {
            save();
        }
        Path best = folder.best();
        return new TrainingResult(
                reason,
                step,
                loss.value(),
                Optional.ofNullable(evaluation),
                earlyStop.best(),
                earlyStop.bestStep(),
                folder.last(),
                Files.isDirectory(best) ? Optional.of(best) : Optional.empty());
    }

    private @Nullable Reason doWhatIsDue() throws IOException {
        progress.pause();
        if (evaluationIsDue()) {
            evaluate();
        }
        if (samplesAreDue()) {
            sample();
        }
        Reason reason = reasonToEnd();
        long every = train.saveEvery();
        if (reason == null && !saved && every > 0 && step > 0 && step % every == 0) {
            save();
        }
        progress.resume();
        return reason;
    }

    private @Nullable Reason reasonToEnd() {
        if (evaluationIsDue() || samplesAreDue()) {
            return Reason.STOPPED; // it was given up
        }
        if (step >= train.steps()) {
            return Reason.COMPLETED;
        }
        if (earlyStop.shouldStop()) {
            return Reason.EARLY_STOP;
        }
        return stop.getAsBoolean() ? Reason.STOPPED : null;
    }

    private void step() throws IOException {
        if (pruning != null) {
            pruning.before(step, listener);
        }
        List<Batch> parts = new ArrayList<>();
        for (int i = 0; i < train.gradientAccumulation(); i++) {
            parts.add(batches.next());
        }
        double rate = train.learningRate().at(step);
        double clip = train.optimizer().clipNorm();
        TrainingStep.Result result =
                trainingStep.run(
                        parts,
                        rate,
                        clip == 0 ? Double.POSITIVE_INFINITY : clip,
                        rngOffset,
                        scaler.scale());
        double scale = scaler.scale();
        scaler = scaler.after(!result.skipped());
        step++;
        rngOffset += parts.size();
        tokens += result.tokens();
        saved = false;
        loss = loss.add(result.loss());
        progress.update(step, result.tokens());
        StepMetrics metrics =
                new StepMetrics(
                        step,
                        train.steps(),
                        result.loss(),
                        loss.value(),
                        rate,
                        result.gradientNorm(),
                        result.skipped(),
                        tokens,
                        progress.tokensPerSecond(),
                        progress.timeLeft(),
                        work.peakBytes(),
                        work.heldBytes());
        log(metrics, scale, result.parts());
        listener.step(metrics);
        watch(result);
    }

    private void log(StepMetrics metrics, double scale, Map<String, Double> parts)
            throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put(MetricsLog.LOSS, metrics.loss());
        line.putAll(parts);
        line.put(MetricsLog.LEARNING_RATE, metrics.learningRate());
        line.put(MetricsLog.GRADIENT_NORM, metrics.gradientNorm());
        line.put(MetricsLog.TOKENS, metrics.tokens());
        line.put(MetricsLog.TOKENS_PER_SECOND, metrics.tokensPerSecond());
        line.put(MetricsLog.PEAK_BYTES, metrics.peakBytes());
        if (scaler.adapts()) {
            line.put(MetricsLog.LOSS_SCALE, scale);
            line.put(MetricsLog.SKIPPED_STEPS, scaler.skipped());
        }
        if (pruning != null) {
            line.put(MetricsLog.SPARSITY, pruning.sparsity());
        }
        List<RouterReport> routers = trainingStep.routers();
        if (!routers.isEmpty()) {
            line.put(
                    MetricsLog.ROUTER_EVENNESS,
                    routers.stream().mapToDouble(RouterReport::evenness).average().orElse(1));
            line.put(
                    MetricsLog.ROUTER_MAX_OVER_MEAN,
                    routers.stream().mapToDouble(RouterReport::maxOverMean).max().orElse(1));
        }
        log.append(step, line);
        board.metrics(step, line);
    }

    private void watch(TrainingStep.Result result) {
        if (!result.skipped()) {
            nonFinite = 0;
            lastFinite = result.loss();
            return;
        }
        nonFinite++;
        String what = "loss %s, gradient norm %s".formatted(result.loss(), result.gradientNorm());
        if (nonFinite >= MOST_NON_FINITE) {
            throw new TrainingException(
                    ("training has diverged: at step %d the %dth step in a row is not finite (%s);"
                                    + " the last finite loss was %s. A lower train.learning_rate,"
                                    + " more train.warmup_steps or a smaller train.clip_norm may"
                                    + " help")
                            .formatted(step, nonFinite, what, lastFinite));
        }
        String next =
                scaler.adapts()
                        ? "; the loss is scaled by %s from now on, %d steps were left out so far"
                                .formatted(scaler.scale(), scaler.skipped())
                        : "";
        listener.warned("step %d is left out, it is not finite: %s%s".formatted(step, what, next));
    }

    private boolean evaluationIsDue() {
        long every = train.evaluation().every();
        return every > 0
                && (step % every == 0 || step >= train.steps())
                && evaluatedStep != step
                && work.data().heldOutTargets() > 0;
    }

    /// Evaluates, unless the run is to stop meanwhile: then it is still due when the run goes on.
    private void evaluate() throws IOException {
        Iterable<Batch> heldOut =
                work.data()
                        .heldOutBatches(
                                recipe.data().sequenceLength(),
                                train.batchSize(),
                                train.evaluation().batches());
        Evaluation found = evaluator.evaluate(work.data().domains(), heldOut, stop).orElse(null);
        if (found == null) {
            return;
        }
        Map<String, Object> line = RunEvaluator.line(found);
        log.append(step, line);
        board.metrics(step, line);
        board.parameters(step, work.model().trained());
        evaluation = found;
        evaluatedStep = step;
        saved = false;
        listener.evaluated(step, found);
        // before the first step, and before all is pruned, it is only to compare with
        if (step > 0 && (pruning == null || pruning.isDone(step))) {
            judge(found);
        }
    }

    private void judge(Evaluation found) throws IOException {
        earlyStop = earlyStop.observe(step, found.loss());
        overfitting = overfitting.observe(loss.value(), found.loss());
        if (overfitting.justFound()) {
            listener.warned(
                    ("overfitting: since step %d the loss on held-out text rises (%.4f, then %.4f)"
                                    + " while the training loss falls")
                            .formatted(earlyStop.bestStep(), earlyStop.best(), found.loss()));
        }
        if (train.evaluation().keepBest() && earlyStop.improved()) {
            Checkpoint.saveModel(folder.best(), work.files());
            listener.saved(step, folder.best());
        }
    }

    private boolean samplesAreDue() {
        long every = train.samples().every();
        return every > 0 && step > 0 && step % every == 0 && sampledStep != step;
    }

    private void sample() throws IOException {
        SampleTexts writer = work.samples();
        if (writer == null) {
            return;
        }
        List<String> prompts = train.samples().prompts();
        if (prompts.isEmpty()) {
            prompts = List.of("");
        }
        List<String> texts = new ArrayList<>();
        for (String prompt : prompts) {
            Optional<String> text = writer.generate(prompt, train.seed() + step, stop);
            if (text.isEmpty()) {
                return;
            }
            texts.add(text.get());
        }
        for (int i = 0; i < texts.size(); i++) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("prompt", prompts.get(i));
            line.put("sample", texts.get(i));
            log.append(step, line);
            board.sample(step, prompts.get(i), texts.get(i));
            listener.sampled(step, prompts.get(i), texts.get(i));
        }
        sampledStep = step;
        saved = false;
    }

    private void save() throws IOException {
        log.sync(); // lines that the checkpoint counts on
        Checkpoint.save(
                folder.last(), work.files(), work.apart(), work.optimizer(), recipe, state());
        saved = true;
        listener.saved(step, folder.last());
    }

    private TrainerState state() {
        return new TrainerState(
                step,
                work.optimizer().steps(),
                tokens,
                batches.cursor(),
                work.data().key(),
                train.seed(),
                rngOffset,
                loss,
                nonFinite,
                scaler,
                lastFinite,
                earlyStop,
                overfitting,
                evaluatedStep,
                sampledStep);
    }
}
