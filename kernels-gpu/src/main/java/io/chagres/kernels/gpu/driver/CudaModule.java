package io.chagres.kernels.gpu.driver;

import static io.chagres.kernels.gpu.driver.binding.CudaDriver.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;

import io.chagres.tensor.backend.DeviceFailed;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// PTX that the driver has compiled for a device, and its kernels by name. It stays loaded until
/// the device is closed.
public final class CudaModule {
    private static final long LOG_BYTES = 8192;

    private final CudaDevice device;
    private final String name;
    private final long handle;
    private final Map<String, CudaFunction> functions = new ConcurrentHashMap<>();

    private CudaModule(CudaDevice device, String name, long handle) {
        this.device = device;
        this.name = name;
        this.handle = handle;
    }

    static CudaModule load(CudaDevice device, CudaDriver driver, String name, String ptx) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment image = arena.allocateFrom(ptx);
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
            int rc = driver.loadModule(out, image);
            if (rc != 0) {
                MemorySegment errors = arena.allocate(LOG_BYTES);
                driver.loadModule(out, image, errors);
                throw new DeviceFailed(
                        device.name()
                                + ": the driver refuses "
                                + name
                                + " with "
                                + driver.errorName(rc)
                                + "; "
                                + errors.getString(0).strip());
            }
            long handle = out.get(ValueLayout.JAVA_LONG, 0);
            device.keep(handle);
            return new CudaModule(device, name, handle);
        }
    }

    /// The kernel with this name, allowed to be launched with this much dynamic shared memory; 0
    /// for the 48 KiB every kernel has.
    public CudaFunction function(String kernel, int sharedBytes) {
        CudaFunction known = functions.get(kernel);
        return known != null ? known : functions.computeIfAbsent(kernel, k -> find(k, sharedBytes));
    }

    private CudaFunction find(String kernel, int sharedBytes) {
        return device.call(() -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
                int rc = device.driver().function(out, handle, arena.allocateFrom(kernel));
                device.check("cuModuleGetFunction of " + kernel + " in " + name, rc);
                long f = out.get(ValueLayout.JAVA_LONG, 0);
                if (sharedBytes > 0) {
                    device.check(
                            "cuFuncSetAttribute of " + kernel,
                            device.driver()
                                    .setFunctionAttribute(
                                            f,
                                            CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES(),
                                            sharedBytes));
                }
                return new CudaFunction(kernel, f);
            }
        });
    }
}
