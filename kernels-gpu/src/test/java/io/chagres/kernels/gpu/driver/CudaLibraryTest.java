package io.chagres.kernels.gpu.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chagres.kernels.gpu.CudaBackendProvider;
import io.chagres.tensor.backend.BackendProvider;
import io.chagres.tensor.backend.DeviceFailed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaLibraryTest {
    private final StubCuda stub = new StubCuda();

    @Test
    void whatTheSystemHasIsSaidInOneLineAndThrowsNothing() {
        CudaBackendProvider provider = new CudaBackendProvider();
        assertThatCode(provider::unavailable).doesNotThrowAnyException();
        assertThat(provider.unavailable()).doesNotContain("\n");
        assertThat(provider.unavailable().isEmpty())
                .isEqualTo(
                        CudaLibrary.system().devices().stream()
                                .anyMatch(CudaLibrary.Device::isSupported));
    }

    @Test
    void aLibraryWithoutFunctionsIsToldAsBroken() {
        CudaLibrary none = CudaLibrary.of(name -> Optional.empty());
        assertThat(none.reason()).contains("too old or broken").contains("cuInit");
        assertThat(none.devices()).isEmpty();
        assertThatThrownBy(none::driver)
                .isInstanceOf(DeviceFailed.class)
                .hasMessageContaining("broken");
        assertThatThrownBy(() -> none.device(0)).isInstanceOf(DeviceFailed.class);
    }

    @Test
    void aLibraryWithoutPoolsIsTooOld() {
        assertThat(CudaLibrary.of(stub.without("cuMemAllocAsync")).reason())
                .contains("too old")
                .contains("cuMemAllocAsync")
                .contains("11.2");
    }

    @Test
    void anOldVersionIsNamed() {
        stub.version = 11010;
        CudaLibrary old = CudaLibrary.of(stub);
        assertThat(old.reason()).contains("11.1").contains("11.2");
        assertThat(old.version()).isEqualTo(11010);
        assertThat(stub.calls).doesNotContain("cuInit");
    }

    @Test
    void noDeviceIsNamed() {
        stub.initResult = 100;
        assertThat(CudaLibrary.of(stub).reason()).contains("CUDA_ERROR_NO_DEVICE (100)");
        stub.initResult = 0;
        stub.devices = 0;
        assertThat(CudaLibrary.of(stub).reason()).contains("no device");
        stub.devices = -1;
        assertThat(CudaLibrary.of(stub).reason()).contains("cuDeviceGetCount");
    }

    @Test
    void anOldDeviceIsNamed() {
        stub.major = 7;
        CudaLibrary old = CudaLibrary.of(stub);
        assertThat(old.reason()).contains("8.0").contains("sm_76");
    }

    @Test
    void devicesAreDescribed() {
        stub.devices = 2;
        CudaLibrary two = CudaLibrary.of(stub);
        assertThat(two.reason()).isEmpty();
        assertThat(two.device(1))
                .isEqualTo(new CudaLibrary.Device(1, 71, "Stub 71", 86, 17, 3L << 30));
        assertThat(two.device(1))
                .hasToString("cuda:1 Stub 71, sm_86, 17 multiprocessors, 3072 MiB");
        assertThatThrownBy(() -> two.device(2))
                .isInstanceOf(DeviceFailed.class)
                .hasMessageContaining("cuda:2");
    }

    @Test
    void aFileThatCannotBeLoadedIsNamed(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("libcuda-broken.so"), "no library");
        List<String> names = List.of("libcuda-broken.so");
        CudaLibrary broken = CudaLibrary.find(names, List.of(folder.toString()));
        assertThat(broken.reason()).contains(file + " is there but cannot be loaded");
        assertThat(broken.file()).isEqualTo(file.toString());
        CudaLibrary none = CudaLibrary.find(names, List.of());
        assertThat(none.reason()).isEqualTo("no driver: libcuda-broken.so was not found");
        assertThat(new CudaBackendProvider(none).facts()).containsEntry("cuda_library", "none");
    }

    @Test
    void aFileWithoutTheFunctionsIsNamed() {
        CudaLibrary other = CudaLibrary.find(List.of("libm.so.6"), List.of());
        assumeTrue(other.file().equals("libm.so.6"), "there is no libm.so.6 here");
        assertThat(other.reason()).contains("too old or broken").contains("cuInit");
    }

    @Test
    void devicesThatAreTooOldAreListed() {
        stub.major = 7;
        BackendProvider old = new CudaBackendProvider(CudaLibrary.of(stub));
        assertThat(old.devices()).hasSize(1).allMatch(d -> d.unavailable().contains("too old"));
        assertThat(old.facts())
                .containsEntry("cuda_driver", "for CUDA 12.4")
                .containsKey("cuda_devices");
    }
}
