package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.train.checkpoint.Checkpoint;
import io.chagres.train.data.Batches;
import io.chagres.train.loop.StepMetrics;
import io.chagres.train.loop.Trainer;
import io.chagres.train.loop.TrainingListener;
import io.chagres.train.loop.TrainingResult;
import io.chagres.train.optim.AdamWOptimizer;
import io.chagres.train.recipe.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Training with moments in 8 bits.
class EightBitTest {
    private static final int STEPS = 80;
    private static final AdamWOptimizer.Options WIDE = AdamWOptimizer.Options.defaults();

    /// Codes are 1.6 to 3 % apart, and what is lost in a step is made up for on average: single
    /// losses of a model that learns fast stray by a few percent, their mean by less.
    private static final double SINGLE_LOSS = 0.06;

    private static final double MEAN_LOSS = 0.015;

    @TempDir Path folder;

    private static double[] losses(AdamWOptimizer.Options options, long[] bytes) {
        double[] losses = new double[STEPS];
        try (CpuBackend backend = new CpuBackend(2);
                TinyModel tiny = new TinyModel(backend, Precision.F32, 0, options)) {
            bytes[0] = bytes(tiny.optimizer.state());
            Batches batches = TinyModel.batches(4);
            for (int i = 0; i < STEPS; i++) {
                losses[i] = tiny.training.run(TinyModel.next(batches, 2), 3e-3, 1, i).loss();
            }
        }
        return losses;
    }

    private static long bytes(Map<String, Tensor> tensors) {
        return tensors.values().stream().mapToLong(t -> t.spec().bytes()).sum();
    }

    @Test
    void lossesFollowThoseOfF32InAThirdOfTheMemory() {
        long[] wide = {0};
        long[] narrow = {0};
        double[] exact = losses(WIDE, wide);
        double[] eight = losses(WIDE.withEightBitMoments(), narrow);
        // a quarter and 1/32 for scales, but for the norms, which stay in F32
        assertThat(narrow[0]).isLessThan(wide[0] / 3);
        assertThat(exact[STEPS - 1]).isLessThan(exact[0] / 2);
        assertThat(eight).isNotEqualTo(exact);
        for (int i = 0; i < STEPS; i++) {
            assertThat(eight[i])
                    .as("step %d", i)
                    .isCloseTo(exact[i], within(SINGLE_LOSS * exact[i]));
        }
        double mean = DoubleStream.of(exact).average().orElseThrow();
        assertThat(DoubleStream.of(eight).average().orElseThrow())
                .isCloseTo(mean, within(MEAN_LOSS * mean));
    }

    private TinyRun run(String name, int threads) throws IOException {
        return TinyRun.in(folder)
                .with("train.optimizer", "adamw8bit")
                .with("train.threads", threads)
                .with("output", folder.resolve(name));
    }

    @Test
    void aRunGoesOnBitByBitWithAnyNumberOfThreads() throws IOException {
        TinyRun whole = run("whole", 1);
        whole.train();
        try (SafeTensors file =
                SafeTensors.open(
                        whole.output().resolve("last").resolve(Checkpoint.OPTIMIZER_FILE))) {
            assertThat(file.spec("m8.tokens.weight").dtype()).isEqualTo(DType.I8);
            assertThat(file.spec("v8_scale.tokens.weight").dtype()).isEqualTo(DType.F32);
            assertThat(file.spec("m.finalNorm.weight").dtype()).isEqualTo(DType.F32);
        }
        TinyRun parts = run("parts", 3);
        while (stopAfterThreeSteps(parts).reason() == TrainingResult.Reason.STOPPED) {
            assertThat(parts.output()).exists();
        }
        TinyRun.assertSame(whole.output(), parts.output());
    }

    private static TrainingResult stopAfterThreeSteps(TinyRun run) throws IOException {
        Trainer[] trainer = {null};
        int[] left = {3};
        trainer[0] =
                new Trainer(
                        run.recipe(),
                        new TrainingListener() {
                            @Override
                            public void step(StepMetrics metrics) {
                                if (--left[0] == 0) {
                                    trainer[0].requestStop();
                                }
                            }
                        });
        return trainer[0].run(Trainer.Start.AUTO);
    }
}
