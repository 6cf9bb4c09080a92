package io.chagres.kernels.gpu;

import io.chagres.kernels.gpu.driver.CudaLibrary;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.BackendProvider;

/// Opens a CUDA device when the machine has one. The system property `chagres.cuda.check` makes it
/// wait for every launch, so that an error names the kernel at fault.
public final class CudaBackendProvider implements BackendProvider {
    /// Made by [java.util.ServiceLoader].
    public CudaBackendProvider() {}

    @Override
    public String kind() {
        return "cuda";
    }

    @Override
    public int priority() {
        return 10;
    }

    @Override
    public String unavailable() {
        return CudaLibrary.system().reason();
    }

    @Override
    public Backend open(int threads) {
        return open(0, threads);
    }

    @Override
    public Backend open(int ordinal, int threads) {
        return new CudaBackend(
                CudaLibrary.system(), ordinal, Boolean.getBoolean("chagres.cuda.check"));
    }
}
