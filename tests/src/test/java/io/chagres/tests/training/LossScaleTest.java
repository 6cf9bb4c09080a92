package io.chagres.tests.training;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.train.data.Batch;
import io.chagres.train.data.Batches;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.loop.TrainingStep;
import io.chagres.train.metrics.MetricsLog;
import io.chagres.train.optim.GradScaler;
import io.chagres.train.recipe.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Training in F16 with a scaled loss.
class LossScaleTest {
    /// So large that the first steps overflow, and halving gets there within twelve steps.
    private static final double TOO_LARGE = 0x1p24;

    @TempDir Path folder;

    @Test
    void theScaleDoesNotShowInLossNormOrUpdate() {
        try (CpuBackend backend = new CpuBackend(2);
                TinyModel one = new TinyModel(backend, Precision.F32, 0.1);
                TinyModel scaled = new TinyModel(backend, Precision.F32, 0.1)) {
            List<Batch> batches = TinyModel.next(TinyModel.batches(4), 2);
            TrainingStep.Result a = one.training.run(batches, 1e-3, 0.1, 0);
            TrainingStep.Result b = scaled.training.run(batches, 1e-3, 0.1, 0, 0x1p16);
            assertThat(b.loss()).isCloseTo(a.loss(), within(1e-6 * a.loss()));
            assertThat(b.gradientNorm()).isEqualTo(a.gradientNorm());
            Map<String, float[]> expected = one.values();
            scaled.values()
                    .forEach((name, v) -> assertThat(v).as(name).isEqualTo(expected.get(name)));
        }
    }

    @Test
    void aPlantedInfinityIsSkippedAndTheScaleHalves() {
        try (CpuBackend backend = new CpuBackend(2);
                TinyModel tiny = new TinyModel(backend, Precision.FP16, 0)) {
            Batches batches = TinyModel.batches(4);
            GradScaler scaler = GradScaler.startingAt(GradScaler.FIRST);
            scaler = step(tiny, batches, scaler);
            assertThat(scaler).isEqualTo(new GradScaler(GradScaler.FIRST, 1, 0, true));
            Tensor weight = tiny.optimizer.parameters().get(1);
            float[] good = weight.toFloats();
            float[] bad = good.clone();
            bad[3] = 1e6f; // beyond F16
            TensorData.set(weight, bad);
            Map<String, float[]> before = tiny.values();
            scaler = step(tiny, batches, scaler);
            assertThat(scaler).isEqualTo(new GradScaler(GradScaler.FIRST / 2, 0, 1, true));
            assertThat(tiny.optimizer.steps()).isEqualTo(1);
            tiny.values().forEach((name, v) -> assertThat(v).isEqualTo(before.get(name)));
            TensorData.set(weight, good);
            scaler = step(tiny, batches, scaler);
            assertThat(scaler).isEqualTo(new GradScaler(GradScaler.FIRST / 2, 1, 1, true));
            assertThat(tiny.optimizer.steps()).isEqualTo(2);
        }
    }

    private static GradScaler step(TinyModel tiny, Batches batches, GradScaler scaler) {
        TrainingStep.Result result =
                tiny.training.run(TinyModel.next(batches, 2), 1e-3, 1, 0, scaler.scale());
        return scaler.after(!result.skipped());
    }

    private TinyRun run(String name) throws IOException {
        return TinyRun.in(folder)
                .with("precision", "fp16")
                .with("train.loss_scale", TOO_LARGE)
                .with("output", folder.resolve(name));
    }

    @Test
    void skippedStepsAreReportedAndARunGoesOnBitByBit() throws IOException {
        List<String> warnings = new ArrayList<>();
        TinyRun whole = run("whole");
        whole.train(
                new TrainingListener() {
                    @Override
                    public void warned(String message) {
                        warnings.add(message);
                    }
                });
        List<JsonNode> steps = new ArrayList<>();
        ObjectMapper json = new ObjectMapper();
        for (String line : Files.readAllLines(whole.output().resolve(MetricsLog.FILE_NAME))) {
            JsonNode node = json.readTree(line);
            if (node.has(MetricsLog.LOSS_SCALE)) {
                steps.add(node);
            }
        }
        assertThat(steps).hasSize(12);
        double scale = TOO_LARGE;
        long skipped = 0;
        for (JsonNode step : steps) {
            assertThat(step.get(MetricsLog.LOSS_SCALE).asDouble()).isEqualTo(scale);
            if (step.get(MetricsLog.SKIPPED_STEPS).asLong() > skipped) {
                skipped++;
                scale /= 2;
            }
            assertThat(step.get(MetricsLog.SKIPPED_STEPS).asLong()).isEqualTo(skipped);
        }
        assertThat(skipped).isBetween(1L, 10L);
        assertThat(requireNonNull(steps.getLast().get(MetricsLog.LOSS)).asDouble())
                .isLessThan(steps.getFirst().get(MetricsLog.LOSS).asDouble());
        assertThat(warnings).hasSize((int) skipped);
        assertThat(warnings.getFirst())
                .contains("step 1 is left out")
                .contains("scaled by " + TOO_LARGE / 2 + " from now on, 1 steps");

        TinyRun parts = run("parts");
        int stops = 0;
        while (stopAfterOneStep(parts).reason() == TrainingResult.Reason.STOPPED) {
            assertThat(++stops).isLessThan(40);
        }
        assertThat(stops).isGreaterThan(5);
        TinyRun.assertSame(whole.output(), parts.output());
    }

    private static TrainingResult stopAfterOneStep(TinyRun run) throws IOException {
        Trainer[] trainer = {null};
        trainer[0] =
                new Trainer(
                        run.recipe(),
                        new TrainingListener() {
                            @Override
                            public void step(StepMetrics metrics) {
                                trainer[0].requestStop();
                            }
                        });
        return trainer[0].run(Trainer.Start.AUTO);
    }
}
