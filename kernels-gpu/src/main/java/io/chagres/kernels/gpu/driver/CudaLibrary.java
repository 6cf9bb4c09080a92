package io.chagres.kernels.gpu.driver;

import static io.chagres.kernels.gpu.driver.binding.CudaDriver.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static io.chagres.kernels.gpu.driver.binding.CudaDriver.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static io.chagres.kernels.gpu.driver.binding.CudaDriver.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;

import io.chagres.tensor.backend.DeviceFailed;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What this machine has of CUDA: the driver and its devices, or why there is none. Absence is a
/// normal state, told in one line; nothing is thrown and no class fails to initialise.
public final class CudaLibrary {
    /// Oldest driver that has the memory pools used here, as `cuDriverGetVersion` counts: CUDA
    /// 11.2.
    public static final int OLDEST_DRIVER = 11020;

    /// Oldest architecture the kernels are written for: compute capability 8.0.
    public static final int OLDEST_ARCHITECTURE = 80;

    private static final List<String> NAMES = List.of("libcuda.so.1", "libcuda.so", "nvcuda.dll");
    private static final List<String> FOLDERS =
            List.of(
                    "/usr/lib/x86_64-linux-gnu",
                    "/usr/lib/aarch64-linux-gnu",
                    "/usr/lib64",
                    "/usr/lib",
                    "/usr/lib/wsl/lib",
                    "/usr/local/nvidia/lib64");

    private final String file;
    private final @Nullable CudaDriver driver;
    private final String reason;
    private final int version;
    private final List<Device> devices;

    /// A device of this machine.
    ///
    /// @param ordinal its number, from 0
    /// @param handle the driver's handle
    /// @param name the product
    /// @param architecture compute capability, 10 · major + minor
    /// @param processors multiprocessors
    /// @param bytes its memory
    public record Device(
            int ordinal, int handle, String name, int architecture, int processors, long bytes) {
        /// Whether the kernels run on it.
        public boolean isSupported() {
            return architecture >= OLDEST_ARCHITECTURE;
        }

        @Override
        public String toString() {
            return "cuda:"
                    + ordinal
                    + " "
                    + name
                    + ", sm_"
                    + architecture
                    + ", "
                    + processors
                    + " multiprocessors, "
                    + (bytes >> 20)
                    + " MiB";
        }
    }

    private static final class Holder {
        static final CudaLibrary SYSTEM = find();
    }

    private CudaLibrary(
            String file,
            @Nullable CudaDriver driver,
            String reason,
            int version,
            List<Device> devices) {
        this.file = file;
        this.driver = driver;
        this.reason = reason;
        this.version = version;
        this.devices = List.copyOf(devices);
    }

    /// What the system's driver has, looked up once per process.
    public static CudaLibrary system() {
        return Holder.SYSTEM;
    }

    /// Why no device can be used, in one line; empty when one can.
    public String reason() {
        return reason;
    }

    /// Name of the library's file, as it was loaded or found, also of one that cannot be used;
    /// empty where there is none or it is not known.
    public String file() {
        return file;
    }

    /// Version of CUDA that the driver supports, such as 12.4.
    public String release() {
        return version / 1000 + "." + version % 1000 / 10;
    }

    /// Version of the driver, 1000 · major + 10 · minor; 0 without one.
    public int version() {
        return version;
    }

    /// All devices, also those that are too old.
    public List<Device> devices() {
        return devices;
    }

    /// The device with this number.
    ///
    /// @throws DeviceFailed when there is none, or it is too old
    public Device device(int ordinal) {
        if (!reason.isEmpty()) {
            throw new DeviceFailed("cuda: " + reason);
        }
        if (ordinal < 0 || ordinal >= devices.size()) {
            throw new DeviceFailed(
                    "cuda:" + ordinal + ": there is no such device, only " + devices);
        }
        Device d = devices.get(ordinal);
        if (!d.isSupported()) {
            throw new DeviceFailed(d + " is too old: sm_" + OLDEST_ARCHITECTURE + " is the least");
        }
        return d;
    }

    /// The driver.
    ///
    /// @throws DeviceFailed when there is none
    public CudaDriver driver() {
        CudaDriver d = driver;
        if (d == null) {
            throw new DeviceFailed("cuda: " + reason);
        }
        return d;
    }

    /// What the library behind a lookup has.
    public static CudaLibrary of(SymbolLookup symbols) {
        return of("", symbols);
    }

    private static CudaLibrary of(String file, SymbolLookup symbols) {
        FfmCudaDriver driver;
        try {
            driver = new FfmCudaDriver(symbols);
        } catch (NoSuchElementException e) {
            return absent(
                    file,
                    "the driver is too old or broken: "
                            + e.getMessage()
                            + "; CUDA 11.2 or newer is needed");
        }
        try (Arena arena = Arena.ofConfined()) {
            return probe(file, driver, arena);
        }
    }

    private static CudaLibrary find() {
        return find(NAMES, FOLDERS);
    }

    /// What the first library among `names` has that can be loaded; if none can, a file with the
    /// first name in one of `folders` is told as broken.
    static CudaLibrary find(List<String> names, List<String> folders) {
        try {
            // Loaded for as long as the process lives: device threads may be inside it at any time.
            for (String name : names) {
                Optional<SymbolLookup> found = open(name);
                if (found.isPresent()) {
                    return of(name, found.get());
                }
            }
        } catch (IllegalCallerException e) {
            return absent("", "native access is not enabled: " + e.getMessage());
        }
        for (String folder : folders) {
            Path file = Path.of(folder, names.get(0));
            if (Files.exists(file)) {
                return absent(
                        file.toString(),
                        file + " is there but cannot be loaded: broken or of another platform");
            }
        }
        return absent("", "no driver: " + names.get(0) + " was not found");
    }

    private static Optional<SymbolLookup> open(String name) {
        try {
            return Optional.of(SymbolLookup.libraryLookup(name, Arena.global()));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // no such library
        }
    }

    private static CudaLibrary absent(String file, String reason) {
        return new CudaLibrary(file, null, reason, 0, List.of());
    }

    private static CudaLibrary probe(String file, CudaDriver driver, Arena arena) {
        MemorySegment out = arena.allocate(8);
        int rc = driver.version(out);
        int version = rc == 0 ? out.get(ValueLayout.JAVA_INT, 0) : 0;
        if (version < OLDEST_DRIVER) {
            return unusable(
                    file,
                    driver,
                    "the driver is too old: it supports CUDA "
                            + version / 1000
                            + "."
                            + version % 1000 / 10
                            + ", 11.2 or newer is needed",
                    version,
                    List.of());
        }
        rc = driver.init();
        if (rc != 0) {
            return unusable(
                    file, driver, "cuInit says " + driver.errorName(rc), version, List.of());
        }
        rc = driver.deviceCount(out);
        if (rc != 0) {
            return unusable(
                    file,
                    driver,
                    "cuDeviceGetCount says " + driver.errorName(rc),
                    version,
                    List.of());
        }
        int n = out.get(ValueLayout.JAVA_INT, 0);
        List<Device> devices = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            devices.add(describe(driver, i, arena));
        }
        if (n == 0) {
            return unusable(file, driver, "the driver sees no device", version, devices);
        }
        if (devices.stream().noneMatch(Device::isSupported)) {
            return unusable(
                    file,
                    driver,
                    "no device of compute capability 8.0 or newer, only " + devices,
                    version,
                    devices);
        }
        return new CudaLibrary(file, driver, "", version, devices);
    }

    private static CudaLibrary unusable(
            String file, CudaDriver driver, String reason, int version, List<Device> devices) {
        return new CudaLibrary(file, driver, reason, version, devices);
    }

    private static Device describe(CudaDriver driver, int ordinal, Arena arena) {
        MemorySegment out = arena.allocate(256);
        int handle = driver.device(out, ordinal) == 0 ? out.get(ValueLayout.JAVA_INT, 0) : ordinal;
        String name = driver.deviceName(out, handle) == 0 ? out.getString(0) : "unknown";
        int major = attribute(driver, out, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR(), handle);
        int minor = attribute(driver, out, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR(), handle);
        int processors = attribute(driver, out, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT(), handle);
        long bytes = driver.deviceBytes(out, handle) == 0 ? out.get(ValueLayout.JAVA_LONG, 0) : 0;
        return new Device(ordinal, handle, name, 10 * major + minor, processors, bytes);
    }

    private static int attribute(CudaDriver driver, MemorySegment out, int which, int handle) {
        return driver.deviceAttribute(out, which, handle) == 0
                ? out.get(ValueLayout.JAVA_INT, 0)
                : 0;
    }
}
