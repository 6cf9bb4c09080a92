package io.chagres.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chagres.kernels.cpu.CpuBackend;
import io.chagres.kernels.gpu.CudaBackend;
import io.chagres.kernels.gpu.driver.CudaLibrary;
import io.chagres.ptx.driver.FakeCuda;
import io.chagres.tensor.backend.Backend;
import io.chagres.train.loop.TrainingStep;
import io.chagres.train.recipe.Precision;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Training steps of a small model on the CUDA backend, over the PTX interpreter, come to what they
/// come to on the CPU, and no memory of the device is left behind.
class CudaTrainingTest {
    @ParameterizedTest
    @CsvSource({"F32, 1e-5", "BF16, 2e-2", "FP16, 4e-3"})
    void stepsAreThoseOfTheCpu(Precision precision, double tolerance) {
        List<TrainingStep.Result> cpu = new ArrayList<>();
        List<TrainingStep.Result> gpu = new ArrayList<>();
        try (FakeCuda cuda = FakeCuda.builder().build()) {
            try (Backend backend = new CpuBackend(1)) {
                steps(backend, precision, cpu);
            }
            int before = cuda.liveAllocations();
            try (Backend backend = new CudaBackend(CudaLibrary.of(cuda.lookup()), 0, true)) {
                steps(backend, precision, gpu);
            }
            assertThat(cuda.faults()).isEmpty();
            assertThat(cuda.failures()).isEmpty();
            assertThat(cuda.livePinned()).isZero();
            assertThat(cuda.liveAllocations()).isEqualTo(before);
        }
        for (int i = 0; i < cpu.size(); i++) {
            assertThat(gpu.get(i).tokens()).isEqualTo(cpu.get(i).tokens());
            assertThat(gpu.get(i).loss())
                    .isCloseTo(cpu.get(i).loss(), within(tolerance * cpu.get(i).loss()));
            assertThat(gpu.get(i).gradientNorm())
                    .isCloseTo(
                            cpu.get(i).gradientNorm(),
                            within(5 * tolerance * cpu.get(i).gradientNorm()));
        }
    }

    private static void steps(
            Backend backend, Precision precision, List<TrainingStep.Result> results) {
        try (TinyModel tiny = new TinyModel(backend, precision, 0)) {
            var batches = TinyModel.batches(2);
            for (int i = 0; i < 2; i++) {
                results.add(tiny.training.run(TinyModel.next(batches, 1), 1e-3, 1, 2 * i));
            }
        }
    }
}
