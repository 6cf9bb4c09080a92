package io.chagres.tests.training;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.nn.layer.Modules;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import io.chagres.train.data.Batch;
import io.chagres.train.data.Batches;
import io.chagres.train.data.TokenDataset;
import io.chagres.train.loop.TrainingStep;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One optimizer step: accumulation, skipping, memory.
class TrainingStepTest {
    private final CpuBackend backend = new CpuBackend(2);

    @AfterEach
    void close() {
        backend.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 6})
    void microBatchesOfUnevenLengthsAreOneBatch(int size) {
        try (TinyModel one = new TinyModel(backend, 0);
                TinyModel many = new TinyModel(backend, 0)) {
            List<Batch> whole = TinyModel.next(TinyModel.batches(12), 1);
            List<Batch> parts = TinyModel.next(TinyModel.batches(size), 12 / size);
            // the lengths differ, or a mean of means would pass, too
            assertThat(parts.stream().map(b -> (double) b.validTargets() / b.size()).distinct())
                    .hasSizeGreaterThan(1);
            TrainingStep.Result a = one.training.run(whole, 1e-3, 1e9, 0);
            TrainingStep.Result b = many.training.run(parts, 1e-3, 1e9, 0);
            assertThat(b.tokens()).isEqualTo(a.tokens());
            assertThat(b.loss()).isCloseTo(a.loss(), within(2e-6 * a.loss()));
            assertThat(b.gradientNorm())
                    .isCloseTo(a.gradientNorm(), within(2e-6 * a.gradientNorm()));
            // after one step the first moment is the gradient, times 1 - beta1
            Map<String, float[]> expected = one.values();
            many.values()
                    .forEach((name, values) -> {
                        if (name.startsWith("m.")) {
                            assertThat(distance(values, requireNonNull(expected.get(name))))
                                    .as(name)
                                    .isLessThan(3e-6);
                        }
                    });
        }
    }

    /// Largest difference, relative to the largest value.
    private static double distance(float[] a, float[] b) {
        double most = 0;
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs((double) a[i] - b[i]));
            largest = Math.max(largest, Math.abs(b[i]));
        }
        return most / largest;
    }

    @Test
    void aStepThatIsNotFiniteChangesNothing() {
        try (TinyModel tiny = new TinyModel(backend, 0)) {
            Batches batches = TinyModel.batches(2);
            tiny.training.run(TinyModel.next(batches, 2), 1e-3, 1, 0);
            Tensor weight = tiny.optimizer.parameters().getLast();
            float[] good = weight.toFloats();
            float[] bad = good.clone();
            bad[3] = Float.NaN;
            TensorData.set(weight, bad);
            Map<String, float[]> before = tiny.values();
            TrainingStep.Result result = tiny.training.run(TinyModel.next(batches, 2), 1e-3, 1, 2);
            assertThat(result.skipped()).isTrue();
            assertThat(result.loss()).isNaN();
            assertThat(tiny.optimizer.steps()).isEqualTo(1);
            tiny.values().forEach((name, v) -> assertThat(v).isEqualTo(before.get(name)));
            TensorData.set(weight, good);
            assertThat(tiny.training.run(TinyModel.next(batches, 2), 1e-3, 1, 2).skipped())
                    .isFalse();
        }
    }

    /// Logits of ±5e37, the wrong way round: the losses are 1e38 each, and twelve of them overflow.
    @Test
    void anInfiniteLossWithFiniteGradientsChangesNothing() {
        try (TinyModel tiny = new TinyModel(backend, 0)) {
            Map<String, Tensor> parameters = Modules.parameters(tiny.model);
            parameters.values().forEach(t -> TensorData.set(t, new float[(int) t.shape().size()]));
            Tensor tokens = requireNonNull(parameters.get("tokens.weight"));
            float[] embedding = new float[(int) tokens.shape().size()];
            Arrays.fill(embedding, 32, 64, 1.25e18f); // token 1
            Arrays.fill(embedding, 64, 96, -1.25e18f); // token 2
            TensorData.set(tokens, embedding);
            float[] scale = new float[32];
            Arrays.fill(scale, 1.25e18f);
            TensorData.set(requireNonNull(parameters.get("finalNorm.weight")), scale);
            int[] ids = new int[TinyModel.LENGTH + 1];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = 1 + i % 2;
            }
            var batches = new Batches(TokenDataset.of(ids, 0, ids.length), TinyModel.LENGTH, 1, 1);
            Map<String, float[]> before = tiny.values();
            TrainingStep.Result result = tiny.training.run(TinyModel.next(batches, 1), 1, 1, 0);
            assertThat(result.loss()).isInfinite();
            assertThat(result.skipped()).isTrue();
            assertThat(tiny.optimizer.steps()).isZero();
            tiny.values().forEach((name, v) -> assertThat(v).isEqualTo(before.get(name)));
        }
    }

    @Test
    void dropoutIsAFunctionOfSeedAndOffset() {
        List<Batch> batch = TinyModel.next(TinyModel.batches(4), 1);
        double[] losses = new double[3];
        long[] offsets = {7, 7, 8};
        for (int i = 0; i < losses.length; i++) {
            try (TinyModel tiny = new TinyModel(backend, 0.3)) {
                losses[i] = tiny.training.run(batch, 1e-3, 1, offsets[i]).loss();
            }
        }
        assertThat(losses[1]).isEqualTo(losses[0]);
        assertThat(losses[2]).isNotEqualTo(losses[0]);
    }

    @Test
    void afterWarmUpNoMemoryIsRequested() {
        try (TinyModel tiny = new TinyModel(backend, 0.1)) {
            Batches batches = TinyModel.batches(4);
            long offset = 0;
            for (int i = 0; i < 2; i++) {
                tiny.training.run(TinyModel.next(batches, 2), 1e-3, 1, offset++);
            }
            long blocks = tiny.step.blocksRequested();
            long peak = tiny.step.peak();
            for (int i = 0; i < 50; i++) {
                tiny.training.run(TinyModel.next(batches, 2), 1e-3, 1, offset++);
            }
            assertThat(tiny.step.blocksRequested()).isEqualTo(blocks);
            assertThat(tiny.step.peak()).isEqualTo(peak);
            assertThat(tiny.step.used()).isZero();
        }
    }
}
