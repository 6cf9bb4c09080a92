package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.train.checkpoint.CheckpointMismatch;
import io.chagres.train.checkpoint.TrainerState;
import io.chagres.train.eval.Evaluation;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingResult.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A run that was stopped goes on as if it had not been, or says why it cannot.
class ResumeTest {
    @TempDir Path folder;

    /// Stops its trainer at the n-th event of a run.
    private static final class Stopper implements TrainingListener {
        private final Trainer trainer;
        private int left;

        Stopper(TinyRun run, int events) {
            trainer = new Trainer(run.recipe(), this);
            left = events;
        }

        TrainingResult train() throws IOException {
            return trainer.run(Trainer.Start.AUTO);
        }

        private void count() {
            if (--left == 0) {
                trainer.requestStop();
            }
        }

        @Override
        public void step(StepMetrics metrics) {
            count();
        }

        @Override
        public void evaluated(long step, Evaluation evaluation) {
            count();
        }

        @Override
        public void sampled(long step, String prompt, String text) {
            count();
        }

        @Override
        public void saved(long step, Path saved) {
            count();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void stoppedAgainAndAgain(int events) throws IOException {
        Path whole = folder.resolve("whole");
        TinyRun.in(folder).with("output", whole).train();
        TinyRun run = TinyRun.in(folder).with("output", folder.resolve("parts"));
        int stops = 0;
        while (new Stopper(run, events).train().reason() == Reason.STOPPED) {
            assertThat(++stops).isLessThan(60);
        }
        assertThat(stops).isGreaterThan(2);
        TinyRun.assertSame(whole, run.output());
    }

    @Test
    void crashedInAnyListener() throws IOException {
        Path whole = folder.resolve("whole");
        TinyRun.in(folder).with("output", whole).train();
        TinyRun run = TinyRun.in(folder).with("output", folder.resolve("parts"));
        for (long at : new long[] {3, 6, 11, 12}) {
            TrainingListener crash =
                    new TrainingListener() {
                        @Override
                        public void step(StepMetrics metrics) {
                            if (metrics.step() == at) {
                                throw new IllegalStateException("crash");
                            }
                        }
                    };
            assertThatThrownBy(() -> run.train(crash)).hasMessage("crash");
        }
        run.train();
        TinyRun.assertSame(whole, run.output());
    }

    @Test
    void anInterruptStopsLikeARequest() throws IOException {
        TinyRun run = TinyRun.in(folder);
        TrainingListener interrupting =
                new TrainingListener() {
                    @Override
                    public void step(StepMetrics metrics) {
                        if (metrics.step() == 4) {
                            Thread.currentThread().interrupt();
                        }
                    }
                };
        TrainingResult result = run.train(interrupting);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(result.reason()).isEqualTo(Reason.STOPPED);
        assertThat(result.step()).isEqualTo(4);
        assertThat(run.train().step()).isEqualTo(12);
    }

    @Test
    void stepsMayBeRaisedButNotLowered() throws IOException {
        TinyRun run = TinyRun.in(folder).with("train.schedule", "constant");
        run.with("train.steps", 6).train();
        assertThat(run.with("train.steps", 9).train().step()).isEqualTo(9);
        assertThatThrownBy(run.with("train.steps", 8)::train)
                .isInstanceOf(CheckpointMismatch.class)
                .hasMessageContaining("train.steps: 8 is less than the 9 steps");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.hidden_size | 64 | 64 here, 32 in the checkpoint",
                "model.num_hidden_layers | 3 | 3 here, 2",
                "model.architecture | gpt2 | GPT2 here, LLAMA",
                "tokenizer.train.vocab_size | 290 | 290 here, 280",
                "data.sequence_length | 17 | 17 here, 16",
                "data.held_out | 0.2 | 0.2 here, 0.1",
                "data.seed | 7 | 7 here, 42",
                "train.seed | 7 | 7 here, 42",
                "train.batch_size | 4 | 4 here, 3",
                "train.gradient_accumulation | 3 | 3 here, 2"
            })
    void whatDecidesTheRunMustNotChange(String key, String value, String says) throws IOException {
        TinyRun.in(folder).with("train.steps", 1).with("train.eval_every", 0).train();
        assertThatThrownBy(TinyRun.in(folder).with(key, value)::train)
                .isInstanceOfSatisfying(
                        CheckpointMismatch.class, e -> assertThat(e.key()).isEqualTo(key))
                .hasMessageStartingWith(key + ": ")
                .hasMessageContaining(says);
    }

    @Test
    void otherTextOrAnotherTokenizerIsNoticed() throws IOException {
        TinyRun run = TinyRun.in(folder).with("train.steps", 1);
        Path last = run.train().last();
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.writeString(
                other.resolve("tokenizer.json"),
                Files.readString(last.resolve("tokenizer.json")) + " ");
        Files.copy(last.resolve("tokenizer_config.json"), other.resolve("tokenizer_config.json"));
        assertThatThrownBy(TinyRun.in(folder).tokenizer(other)::train)
                .isInstanceOf(CheckpointMismatch.class)
                .hasMessageContaining("tokenizer.path: " + other);
        run.tokenizer(last).with("train.steps", 2);
        assertThat(run.train().step()).isEqualTo(2);
        Files.writeString(run.corpus(), "{\"text\": \"something else\"}\n");
        assertThatThrownBy(run::train)
                .isInstanceOf(CheckpointMismatch.class)
                .hasMessageContaining("data.sources");
    }

    @Test
    void aChangedLearningRateIsAWarning() throws IOException {
        TinyRun run = TinyRun.in(folder).with("train.steps", 2);
        run.train();
        List<String> warnings = new ArrayList<>();
        run.with("train.steps", 3)
                .with("train.learning_rate", 1e-4)
                .train(
                        new TrainingListener() {
                            @Override
                            public void warned(String message) {
                                warnings.add(message);
                            }
                        });
        assertThat(warnings)
                .containsExactly("train.learning_rate was 0.003 and is 1.0E-4 from now on");
    }

    @Test
    void aDamagedStateNamesFileAndField() throws IOException {
        TinyRun run = TinyRun.in(folder).with("train.steps", 1);
        Path file = run.train().last().resolve(TrainerState.FILE);
        String good = Files.readString(file);
        Map<String, String> damage =
                Map.of(
                        "\"step\": 1,", "\"step\": \"one\",",
                        "\"version\": 1,", "\"version\": 2,",
                        "\"tokens\": ", "\"tokens\": -");
        for (Map.Entry<String, String> e : damage.entrySet()) {
            Files.writeString(file, good.replaceFirst(e.getKey(), e.getValue()));
            String field = e.getKey().replaceAll("\"(.*)\".*", "$1");
            assertThatThrownBy(run::train)
                    .hasMessageContaining(TrainerState.FILE)
                    .hasMessageContaining("field " + field);
        }
    }
}
