package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.text.Tokenizer;
import io.chagres.tensor.memory.BudgetExceeded;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.RunInfo;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingException;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.metrics.MetricsHistory;
import io.chagres.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs from text to checkpoint.
class TrainerTest {
    @TempDir Path folder;

    /// Keeps what it is told.
    private static final class Recorder implements TrainingListener {
        final List<String> events = new ArrayList<>();
        final List<StepMetrics> steps = new ArrayList<>();
        final List<Evaluation> evaluations = new ArrayList<>();
        final List<String> warnings = new ArrayList<>();

        @Override
        public void preparing(Phase phase, long done, long total) {
            if (done == 0) {
                events.add(phase.toString());
            }
        }

        @Override
        public void started(RunInfo info) {
            events.add("started at " + info.firstStep());
        }

        @Override
        public void step(StepMetrics metrics) {
            steps.add(metrics);
            events.add("step " + metrics.step());
        }

        @Override
        public void evaluated(long step, Evaluation evaluation) {
            evaluations.add(evaluation);
            events.add("evaluated " + step);
        }

        @Override
        public void sampled(long step, String prompt, String text) {
            events.add("sampled " + step + " " + prompt);
        }

        @Override
        public void saved(long step, Path saved) {
            events.add("saved " + step + " " + saved.getFileName());
        }

        @Override
        public void warned(String message) {
            warnings.add(message);
        }

        @Override
        public void finished(TrainingResult result) {
            events.add("finished " + result.step());
        }
    }

    @Test
    void theLossFallsAndTheModelIsKept() throws IOException {
        Recorder seen = new Recorder();
        TinyRun run =
                TinyRun.in(folder)
                        .with("train.steps", 60)
                        .with("train.eval_every", 20)
                        .with("train.learning_rate", 1e-2);
        TrainingResult result = run.train(seen);

        double first = seen.steps.getFirst().loss();
        assertThat(first).isBetween(5.0, 6.5); // ln 280 = 5.6
        assertThat(result.loss()).isLessThan(0.6 * first);
        assertThat(seen.evaluations).hasSize(4);
        assertThat(seen.evaluations.getLast().perplexity())
                .isLessThan(0.3 * seen.evaluations.getFirst().perplexity());
        assertThat(seen.evaluations.getLast().bitsPerByte()).isBetween(0.1, 4.0);
        assertThat(result.reason()).isEqualTo(TrainingResult.Reason.COMPLETED);
        assertThat(result.evaluation()).contains(seen.evaluations.getLast());
        assertThat(result.bestLoss()).isEqualTo(seen.evaluations.getLast().loss());

        MetricsHistory history = MetricsHistory.read(run.output().resolve(MetricsLog.FILE_NAME));
        assertThat(history.series(MetricsLog.LOSS).size()).isEqualTo(60);
        assertThat(history.series(MetricsLog.VALIDATION_LOSS).steps())
                .containsExactly(0, 20, 40, 60);
        for (Path saved : List.of(result.last(), result.best().orElseThrow())) {
            int vocab = Tokenizer.load(saved).vocabSize();
            try (CpuBackend backend = new CpuBackend(1);
                    TensorArena weights = backend.arena("weights")) {
                assertThat(HfCheckpoint.load(saved, weights).config().vocabSize()).isEqualTo(vocab);
            }
        }
        assertThat(result.best().orElseThrow()).isDirectoryNotContaining("glob:**state.json");
    }

    @Test
    void eventsComeInOrder() throws IOException {
        Recorder seen = new Recorder();
        TinyRun.in(folder)
                .with("train.steps", 4)
                .with("train.eval_every", 2)
                .with("train.save_every", 2)
                .train(seen);
        assertThat(seen.events)
                .containsExactly(
                        "TOKENIZER",
                        "DATA",
                        "MODEL",
                        "started at 0",
                        "evaluated 0",
                        "step 1",
                        "step 2",
                        "evaluated 2",
                        "saved 2 best",
                        "saved 2 last",
                        "step 3",
                        "step 4",
                        "evaluated 4",
                        "saved 4 best",
                        "sampled 4 the cat",
                        "saved 4 last",
                        "finished 4");
        assertThat(seen.warnings).isEmpty();
    }

    @Test
    void lossIsReportedPerDomain() throws IOException {
        Path more = folder.resolve("numbers.jsonl");
        Files.writeString(more, "{\"text\": \"one two three\"}\n{\"text\": \"four five six\"}\n");
        TinyRun run = TinyRun.in(folder);
        Recorder seen = new Recorder();
        run.with("data.sources", "[" + run.corpus() + ", " + more + "]")
                .with("data.held_out", 0.3)
                .with("train.steps", 2)
                .with("train.eval_batches", 0)
                .train(seen);
        Evaluation last = seen.evaluations.getLast();
        assertThat(last.domains()).containsOnlyKeys("corpus", "numbers");
        double total = last.domains().values().stream().mapToDouble(d -> d.totalLoss()).sum();
        assertThat(last.all().totalLoss()).isEqualTo(total);
        assertThat(
                        MetricsHistory.read(run.output().resolve(MetricsLog.FILE_NAME))
                                .series("validation_loss/numbers")
                                .size())
                .isEqualTo(2);
    }

    @Test
    void stopsEarlyWhenValidationNoLongerImproves() throws IOException {
        Recorder seen = new Recorder();
        TinyRun run =
                TinyRun.in(folder)
                        .with("train.steps", 400)
                        .with("train.learning_rate", 0.3) // too high to improve for long
                        .with("train.eval_every", 2)
                        .with("train.early_stop_patience", 3);
        TrainingResult result = run.train(seen);
        assertThat(result.reason()).isEqualTo(TrainingResult.Reason.EARLY_STOP);
        assertThat(result.step()).isEqualTo(result.bestStep() + 6).isLessThan(400);
        // what has stopped early does so again at once
        Recorder again = new Recorder();
        assertThat(run.train(again).step()).isEqualTo(result.step());
        assertThat(again.steps).isEmpty();
    }

    @Test
    void divergenceSkipsStepsAndThenEndsTheRun() throws IOException {
        Recorder seen = new Recorder();
        TinyRun run =
                TinyRun.in(folder)
                        .with("train.steps", 100)
                        .with("train.learning_rate", 1000)
                        .with("train.weight_decay", 1000)
                        .with("train.warmup_steps", 0)
                        .with("train.clip_norm", 0)
                        .with("train.eval_every", 0)
                        .with("train.sample_every", 0);
        assertThatThrownBy(() -> run.train(seen))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("at step " + seen.steps.size())
                .hasMessageContaining(
                        "last finite loss was "
                                + seen.steps.reversed().stream()
                                        .filter(s -> !s.skipped())
                                        .findFirst()
                                        .orElseThrow()
                                        .loss());
        assertThat(seen.steps.stream().filter(StepMetrics::skipped).count())
                .isGreaterThanOrEqualTo(20);
        assertThat(seen.warnings).hasSizeGreaterThanOrEqualTo(19);
    }

    @Test
    void memoryBeyondTheLimitIsRefusedWithTheOwners() throws IOException {
        TinyRun run = TinyRun.in(folder).with("train.memory_limit", "100KiB");
        assertThatThrownBy(run::train)
                .isInstanceOf(BudgetExceeded.class)
                .hasMessageContaining("limit of 102400 bytes");
        TinyRun step =
                TinyRun.in(folder)
                        .with("output", folder.resolve("other"))
                        .with("train.memory_limit", "700KiB");
        assertThatThrownBy(step::train)
                .isInstanceOf(BudgetExceeded.class)
                .hasMessageContaining("arena 'step'");
    }

    @Test
    void aFolderBelongsToOneRunAtATime() throws IOException {
        TinyRun run = TinyRun.in(folder);
        TrainingListener second =
                new TrainingListener() {
                    @Override
                    public void started(RunInfo info) {
                        assertThatThrownBy(run::train)
                                .isInstanceOf(TrainingException.class)
                                .hasMessageContaining("another run is writing to");
                    }
                };
        assertThat(run.train(second).step()).isEqualTo(12);
    }

    @Test
    void newAndResumeAreTakenAtTheirWord() throws IOException {
        TinyRun run = TinyRun.in(folder).with("train.steps", 1);
        Trainer trainer = new Trainer(run.recipe(), TrainingListener.NONE);
        assertThatThrownBy(() -> trainer.run(Trainer.Start.RESUME))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("no checkpoint");
        trainer.run(Trainer.Start.NEW);
        assertThatThrownBy(() -> trainer.run(Trainer.Start.NEW))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("holds a checkpoint");
    }

    @Test
    void aModelContinuesWithItsOwnTokenizer() throws IOException {
        TinyRun first = TinyRun.in(folder).with("train.steps", 20);
        TrainingResult pretrained = first.train();
        Recorder seen = new Recorder();
        TinyRun second = TinyRun.in(folder).with("output", folder.resolve("second"));
        TrainingResult result = second.from(pretrained.last()).with("train.steps", 2).train(seen);
        assertThat(seen.events).doesNotContain("TOKENIZER");
        assertThat(seen.evaluations.getFirst().loss())
                .isEqualTo(pretrained.evaluation().orElseThrow().loss());
        assertThat(result.last().resolve("tokenizer.json"))
                .hasSameBinaryContentAs(pretrained.last().resolve("tokenizer.json"));
        assertThatThrownBy(second.with("data.sequence_length", 65)::train)
                .hasMessageContaining("data.sequence_length");
        second.with("output", folder.resolve("third"));
        assertThatThrownBy(second::train)
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("data.sequence_length: 65 is more than the 64 positions");
    }
}
