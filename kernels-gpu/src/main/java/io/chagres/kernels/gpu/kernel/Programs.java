package io.chagres.kernels.gpu.kernel;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.kernels.gpu.driver.CudaFunction;
import io.chagres.kernels.gpu.driver.CudaModule;
import io.chagres.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The PTX this jar ships, loaded on a device file by file when first needed.
public final class Programs {
    private static final String FOLDER = "/io/chagres/kernels/gpu/ptx/";

    private final CudaDevice device;
    private final Map<String, CudaModule> modules = new ConcurrentHashMap<>();

    /// Nothing loaded yet.
    public Programs(CudaDevice device) {
        this.device = device;
    }

    /// The device.
    public CudaDevice device() {
        return device;
    }

    /// Text of a PTX file.
    ///
    /// @param name its name without ending
    public static String source(String name) {
        try (InputStream in = Programs.class.getResourceAsStream(FOLDER + name + ".ptx")) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks kernels '" + name + "'");
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException("kernels '" + name + "' cannot be read", e);
        }
    }

    /// A kernel of a file.
    CudaFunction kernel(String file, String kernel) {
        return kernel(file, kernel, 0);
    }

    /// A kernel of a file that is launched with this much dynamic shared memory.
    CudaFunction kernel(String file, String kernel, int sharedBytes) {
        CudaModule known = modules.get(file);
        CudaModule module =
                known != null
                        ? known
                        : modules.computeIfAbsent(file, f -> device.load(f, source(f)));
        return module.function(kernel, sharedBytes);
    }

    /// A family with a kernel per dtype, named `prefix_f32` and so on.
    Family<DType> perType(String file, String prefix) {
        return new Family<>(
                DType.values().length,
                Enum::ordinal,
                d -> kernel(file, prefix + "_" + d.name().toLowerCase(Locale.ROOT)));
    }

    /// A family with a kernel per width of an element, named `prefix_4` and so on.
    Family<DType> perWidth(String file, String prefix) {
        return new Family<>(9, DType::bytes, d -> kernel(file, prefix + "_" + d.bytes()));
    }
}
