package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.hf.HfCheckpoint;
import io.chagres.nn.prune.Pruner;
import io.chagres.nn.prune.SparsityReport;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingException;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingResult.Reason;
import io.chagres.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Training that prunes.
class PruningRunTest {
    @TempDir Path folder;

    /// Counts the weights that are 0, and stops its trainer after some steps.
    private static final class Watcher implements TrainingListener {
        final Map<Long, SparsityReport> pruned = new LinkedHashMap<>();
        private final Trainer trainer;
        private final long end;
        private int left;

        Watcher(TinyRun run, int steps) {
            trainer = new Trainer(run.recipe(), this);
            end = Objects.requireNonNull(run.recipe().pruning()).ramp().end();
            left = steps;
        }

        TrainingResult train() throws IOException {
            return trainer.run(Trainer.Start.AUTO);
        }

        @Override
        public void pruned(long step, SparsityReport report, boolean last) {
            assertThat(last).isEqualTo(step == end);
            pruned.put(step, report);
        }

        @Override
        public void step(StepMetrics metrics) {
            if (--left == 0) {
                trainer.requestStop();
            }
        }
    }

    private TinyRun run(String name) throws IOException {
        return TinyRun.in(folder)
                .with("pruning.sparsity", 0.5)
                .with("pruning.start_step", 2)
                .with("pruning.end_step", 7)
                .with("pruning.every", 2)
                .with("output", folder.resolve(name));
    }

    private interface Check {
        void of(String path, float[] values, int inputs);
    }

    private static void inModel(Path model, Check check) throws IOException {
        try (Backend backend = new CpuBackend(1);
                TensorArena weights = backend.arena("weights")) {
            Pruner.weights(HfCheckpoint.load(model, weights).model())
                    .forEach((path, t) ->
                            check.of(path, t.toFloats(), Math.toIntExact(t.shape().last())));
        }
    }

    private static long zeros(float[] values) {
        long zeros = 0;
        for (float v : values) {
            zeros += v == 0 ? 1 : 0;
        }
        return zeros;
    }

    @Test
    void weightsGoByTheScheduleAndStayAway() throws IOException {
        TinyRun run = run("run");
        Watcher watcher = new Watcher(run, 100);
        TrainingResult result = watcher.train();
        assertThat(watcher.pruned.keySet()).containsExactly(2L, 4L, 6L, 7L);
        watcher.pruned.forEach((step, report) -> {
            double left = 1 - (step - 2) / 5.0;
            double wanted = 0.5 - 0.5 * left * left * left;
            assertThat(report.zeros()).isEqualTo(Math.round(wanted * report.size()));
        });
        SparsityReport last = watcher.pruned.get(7L);
        long[] zeros = {0};
        inModel(result.last(), (path, values, inputs) -> zeros[0] += zeros(values));
        assertThat(zeros[0]).isEqualTo(last.zeros()).isEqualTo(last.size() / 2);
        // a model that is not pruned yet is not the best one
        assertThat(result.bestStep()).isGreaterThan(7);
        zeros[0] = 0;
        inModel(result.best().orElseThrow(), (path, values, inputs) -> zeros[0] += zeros(values));
        assertThat(zeros[0]).isEqualTo(last.zeros());
        List<String> lines = Files.readAllLines(run.output().resolve(MetricsLog.FILE_NAME));
        assertThat(lines)
                .anyMatch(l -> l.contains("\"step\":2,") && l.contains("\"sparsity\":0.0"));
        assertThat(lines)
                .anyMatch(l -> l.contains("\"step\":8,") && l.contains("\"sparsity\":0.5"));
        assertThat(Files.readString(result.last().resolve("recipe.yaml")))
                .contains("pruning:", "sparsity: 0.5");
    }

    @ParameterizedTest
    @CsvSource({"sparsity, 0.6, global", "sparsity, 0.4, uniform", "pattern, 2:4, pattern"})
    void aStoppedRunGoesOnBitByBit(String key, String value, String method) throws IOException {
        List<Path> outputs = new ArrayList<>();
        for (String name : List.of("whole", "parts")) {
            TinyRun run =
                    TinyRun.in(folder)
                            .with("pruning." + key, value)
                            .with("pruning.method", method)
                            .with("pruning.start_step", 1)
                            .with("pruning.end_step", 6)
                            .with("pruning.every", 2)
                            .with("output", folder.resolve(name));
            if (method.equals("uniform")) {
                run.with("train.optimizer", "adamw8bit").with("train.sample_every", 0);
            }
            outputs.add(run.output());
            int stops = 0;
            int steps = name.equals("whole") ? 100 : 1;
            while (new Watcher(run, steps).train().reason() == Reason.STOPPED) {
                assertThat(++stops).isLessThan(60);
            }
        }
        TinyRun.assertSame(outputs.get(0), outputs.get(1));
        inModel(
                outputs.get(1).resolve("last"),
                (path, values, inputs) -> {
                    if (method.equals("pattern")) {
                        assertThat(inputs % 4).isZero();
                        for (int i = 0; i < values.length; i += 4) {
                            assertThat(zeros(Arrays.copyOfRange(values, i, i + 4)))
                                    .as(path)
                                    .isEqualTo(2);
                        }
                    } else if (method.equals("uniform")) {
                        assertThat(zeros(values)).isEqualTo(Math.round(0.4 * values.length));
                    }
                });
    }

    @Test
    void aPrunedModelRecoversWithItsZeros() throws IOException {
        TrainingResult dense = TinyRun.in(folder).train();
        TinyRun run =
                TinyRun.in(folder)
                        .from(dense.last())
                        .with("pruning.sparsity", 0.3)
                        .with("pruning.end_step", 0)
                        .with("output", folder.resolve("sparse"));
        Watcher watcher = new Watcher(run, 100);
        TrainingResult result = watcher.train();
        assertThat(watcher.pruned).hasSize(1).containsKey(0L);
        long[] zeros = {0};
        inModel(result.last(), (path, values, inputs) -> zeros[0] += zeros(values));
        assertThat(zeros[0]).isEqualTo(watcher.pruned.get(0L).zeros());
    }

    @Test
    void aPatternThatDoesNotFitNamesTheLayer() throws IOException {
        TinyRun run =
                TinyRun.in(folder)
                        .with("model.intermediate_size", 36)
                        .with("pruning.pattern", "4:8")
                        .with("train.steps", 12);
        assertThatThrownBy(run::train)
                .isInstanceOf(TrainingException.class)
                .hasMessage(
                        "pruning.pattern: blocks.0.mlp.down.weight: its 36 inputs do not divide"
                                + " into groups of 8");
    }
}
