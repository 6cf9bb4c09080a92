package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.tensor.DType;
import io.chagres.tensor.io.SafeTensors;
import io.chagres.train.data.Batches;
import io.chagres.train.optim.GradScaler;
import io.chagres.train.recipe.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Training with products in BF16 and F16.
class PrecisionTest {
    private static final int STEPS = 60;

    /// Operands are rounded to 2⁻⁹, and a small model that learns fast amplifies it: single losses
    /// stray by up to 2.1 %, by chance and with the processor's BF16 products, and return.
    private static final double SINGLE_LOSS = 0.04;

    /// The mean of all losses is closer than any of them.
    private static final double MEAN_LOSS = 0.01;

    @TempDir Path folder;

    private static double[] losses(Precision precision, double dropout) {
        double[] losses = new double[STEPS];
        double scale = precision.scalesLoss() ? GradScaler.FIRST : 1;
        try (CpuBackend backend = new CpuBackend(2);
                TinyModel tiny = new TinyModel(backend, precision, dropout)) {
            Batches batches = TinyModel.batches(4);
            for (int i = 0; i < STEPS; i++) {
                losses[i] = tiny.training.run(TinyModel.next(batches, 2), 3e-3, 1, i, scale).loss();
            }
        }
        return losses;
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "FP16"})
    void lossesFollowThoseOfF32(Precision precision) {
        for (double dropout : new double[] {0, 0.1}) {
            double[] exact = losses(Precision.F32, dropout);
            double[] narrow = losses(precision, dropout);
            assertThat(exact[STEPS - 1]).isLessThan(exact[0] / 2);
            assertThat(narrow).isNotEqualTo(exact);
            for (int i = 0; i < STEPS; i++) {
                assertThat(narrow[i])
                        .as("step %d, dropout %s", i, dropout)
                        .isCloseTo(exact[i], within(SINGLE_LOSS * exact[i]));
            }
            double mean = DoubleStream.of(exact).average().orElseThrow();
            assertThat(DoubleStream.of(narrow).average().orElseThrow())
                    .as("mean, dropout %s", dropout)
                    .isCloseTo(mean, within(MEAN_LOSS * mean));
        }
    }

    private Path train(String name, int threads) throws IOException {
        TinyRun run =
                TinyRun.in(folder)
                        .with("model.hidden_size", 64)
                        .with("data.sequence_length", 32)
                        .with("precision", "bf16")
                        .with("train.threads", threads)
                        .with("output", folder.resolve(name));
        run.train();
        return run.output();
    }

    @Test
    void theBitsDoNotDependOnTheNumberOfThreadsAndCheckpointsAreF32() throws IOException {
        Path one = train("one", 1);
        TinyRun.assertSame(one, train("three", 3));
        try (SafeTensors file = SafeTensors.open(one.resolve("last"))) {
            assertThat(file.names()).isNotEmpty();
            for (String tensor : file.names()) {
                assertThat(file.spec(tensor).dtype()).as(tensor).isEqualTo(DType.F32);
            }
        }
    }
}
