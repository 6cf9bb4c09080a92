package io.chagres.tests.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chagres.kernels.cpu.CpuBackendProvider;
import io.chagres.kernels.gpu.CudaBackendProvider;
import io.chagres.kernels.gpu.driver.CudaLibrary;
import io.chagres.ptx.driver.FakeCuda;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.BackendProvider;
import io.chagres.tensor.backend.Backends;
import io.chagres.tensor.backend.DeviceFailed;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Which device is taken with drivers of every kind, and what is said where there is none.
class CudaProviderTest {
    private static final CpuBackendProvider CPU = new CpuBackendProvider();

    static Stream<Arguments> useless() {
        return Stream.of(
                Arguments.of(FakeCuda.builder().absent(), "too old or broken"),
                Arguments.of(FakeCuda.builder().broken(803), "cuInit"),
                Arguments.of(FakeCuda.builder().broken(999), "cuInit"),
                Arguments.of(FakeCuda.builder().devices(0), "CUDA_ERROR_NO_DEVICE"),
                Arguments.of(FakeCuda.builder().driverVersion(11010), "supports CUDA 11.1"),
                Arguments.of(FakeCuda.builder().without("cuMemAllocAsync"), "cuMemAllocAsync"),
                Arguments.of(FakeCuda.builder().computeCapability(7, 5), "sm_75"));
    }

    @ParameterizedTest
    @MethodSource("useless")
    void theCpuGoesOnWithoutADriver(FakeCuda.Builder builder, String reason) {
        try (FakeCuda cuda = builder.build()) {
            BackendProvider gpu = new CudaBackendProvider(CudaLibrary.of(cuda.lookup()));
            List<BackendProvider> both = List.of(gpu, CPU);
            assertThat(gpu.unavailable()).contains(reason).doesNotContain("\n");
            assertThat(gpu.facts()).containsKeys("cuda_library", "cuda_devices");
            assertThat(Backends.find(both, "auto").provider()).isSameAs(CPU);
            assertThat(Backends.find(both, "cpu").provider()).isSameAs(CPU);
            for (String kind : List.of("cuda", "cuda:0", "cuda:3")) {
                assertThatThrownBy(() -> Backends.find(both, kind))
                        .isInstanceOf(DeviceFailed.class)
                        .hasMessageStartingWith("cuda");
            }
            assertThatThrownBy(() -> Backends.find(both, "cuda")).hasMessageContaining(reason);
        }
    }

    @Test
    void theFirstDeviceIsTakenUnlessAnotherIsAskedFor() {
        try (FakeCuda cuda = FakeCuda.builder().devices(2).computeCapability(9, 0).build()) {
            BackendProvider gpu = new CudaBackendProvider(CudaLibrary.of(cuda.lookup()));
            List<BackendProvider> both = List.of(gpu, CPU);
            assertThat(gpu.unavailable()).isEmpty();
            assertThat(gpu.facts()).containsEntry("cuda_driver", "for CUDA 13.0");
            assertThat(gpu.devices())
                    .hasSize(2)
                    .allMatch(d -> d.bytes() == 2L << 30 && d.unavailable().isEmpty())
                    .extracting(BackendProvider.Device::description)
                    .allMatch(d -> d.contains("sm_90") && d.contains("2048 MiB"));
            assertThat(Backends.find(both, "auto").device()).isEqualTo(gpu.devices().getFirst());
            assertThat(Backends.find(both, "cuda").device()).isEqualTo(gpu.devices().getFirst());
            Backends.Found second = Backends.find(both, "cuda:1");
            assertThat(second.device()).isEqualTo(gpu.devices().get(1));
            try (Backend backend = second.open(0)) {
                assertThat(backend.name()).isEqualTo("cuda:1");
            }
            assertThatThrownBy(() -> Backends.find(both, "cuda:2"))
                    .hasMessageStartingWith("cuda:2: there is no such device")
                    .hasMessageContaining("sm_90");
        }
    }
}
