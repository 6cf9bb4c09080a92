package io.chagres.kernels.gpu;

import io.chagres.kernels.gpu.driver.CudaLibrary;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.BackendProvider;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Opens a CUDA device when the machine has one. The system property `chagres.cuda.check` makes it
/// wait for every launch, so that an error names the kernel at fault.
public final class CudaBackendProvider implements BackendProvider {
    private final Supplier<CudaLibrary> library;

    /// Made by [java.util.ServiceLoader]: the system's driver.
    public CudaBackendProvider() {
        library = CudaLibrary::system;
    }

    /// Another driver.
    public CudaBackendProvider(CudaLibrary library) {
        this.library = () -> library;
    }

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
        return library.get().reason();
    }

    @Override
    public List<Device> devices() {
        return library.get().devices().stream()
                .map(d -> new Device(d.ordinal(), d.toString(), d.bytes(), problem(d)))
                .toList();
    }

    private static String problem(CudaLibrary.Device d) {
        return d.isSupported()
                ? ""
                : d + " is too old: sm_" + CudaLibrary.OLDEST_ARCHITECTURE + " is the least";
    }

    @Override
    public Map<String, Object> facts() {
        CudaLibrary found = library.get();
        Map<String, Object> facts = new LinkedHashMap<>();
        String file = found.file();
        facts.put("cuda_library", file.isEmpty() ? "none" : file);
        if (found.version() > 0) {
            facts.put("cuda_driver", "for CUDA " + found.release());
        }
        facts.put("cuda_devices", found.devices().stream().map(Object::toString).toList());
        return facts;
    }

    @Override
    public Backend open(int threads) {
        return open(0, threads);
    }

    @Override
    public Backend open(int ordinal, int threads) {
        return new CudaBackend(library.get(), ordinal, Boolean.getBoolean("chagres.cuda.check"));
    }
}
