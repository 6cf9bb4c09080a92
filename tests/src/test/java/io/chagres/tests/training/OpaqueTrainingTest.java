package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.backend.Backend;
import io.chagres.tests.device.OpaqueBackend;
import io.chagres.train.data.Batches;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingStep;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Training on a device whose memory the host cannot see gives the bits it gives on the host.
class OpaqueTrainingTest {
    @TempDir Path folder;

    @Test
    void stepsAreTheSame() {
        OpaqueBackend device = new OpaqueBackend();
        List<TrainingStep.Result> results = new ArrayList<>();
        List<Map<String, float[]>> values = new ArrayList<>();
        for (Backend backend : List.of(new ReferenceBackend(), device)) {
            try (TinyModel tiny = new TinyModel(backend, 0.1)) {
                Batches batches = TinyModel.batches(2);
                for (int i = 0; i < 2; i++) {
                    results.add(tiny.training.run(TinyModel.next(batches, 2), 1e-3, 1, 2 * i));
                }
                values.add(tiny.values());
            }
        }
        assertThat(results.get(2)).isEqualTo(results.get(0));
        assertThat(results.get(3)).isEqualTo(results.get(1));
        values.get(0)
                .forEach((name, v) -> assertThat(values.get(1).get(name)).as(name).isEqualTo(v));
        assertThat(device.openBlocks()).isZero();
    }

    @Test
    void wholeRunsAreTheSame() throws IOException {
        List<Path> outputs = new ArrayList<>();
        OpaqueBackend device = new OpaqueBackend();
        for (Backend backend : List.of(new ReferenceBackend(), device)) {
            TinyRun run =
                    TinyRun.in(folder)
                            .with("output", folder.resolve("run" + outputs.size()))
                            .with("train.steps", 2)
                            .with("train.batch_size", 2)
                            .with("train.eval_every", 1)
                            .with("train.eval_batches", 1)
                            .with("train.sample_every", 2);
            new Trainer(run.recipe(), TrainingListener.NONE).run(Trainer.Start.NEW, backend);
            outputs.add(run.output());
        }
        TinyRun.assertSame(outputs.get(0), outputs.get(1));
        assertThat(device.openBlocks()).isZero();
    }
}
