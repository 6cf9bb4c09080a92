package io.chagres.ptx.driver;

import io.chagres.ptx.Gpu;
import io.chagres.ptx.machine.Allocation;
import io.chagres.ptx.machine.Dim3;
import io.chagres.ptx.machine.Kernel;
import io.chagres.ptx.text.PtxSyntaxException;
import io.chagres.ptx.text.Variable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Modules, functions and launches.
final class ModuleCalls {
    private static final int OK = 0;
    private static final int STATIC_LIMIT = 48 << 10;
    private static final int ERROR_LOG = 5;
    private static final int ERROR_LOG_SIZE = 6;

    private final Driver driver;
    private final UnaryOperator<String> transform;

    /// A loaded module on its device.
    private record Loaded(Device device, Gpu.Module module) {}

    /// A kernel and its attributes.
    private static final class Function {
        final Device device;
        final Kernel kernel;
        final String version;
        int dynamicShared;

        Function(Device device, Kernel kernel, String version) {
            this.device = device;
            this.kernel = kernel;
            this.version = version;
            dynamicShared = Math.max(0, STATIC_LIMIT - kernel.staticShared());
        }
    }

    ModuleCalls(Driver driver, UnaryOperator<String> transform) {
        this.driver = driver;
        this.transform = transform;
    }

    static String[] table() {
        return new String[] {
            "cuModuleLoadData C pp",
            "cuModuleLoadDataEx C ppipp",
            "cuModuleUnload C p",
            "cuModuleGetFunction C ppp",
            "cuModuleGetGlobal_v2 C pppp",
            "cuFuncGetAttribute C pip",
            "cuFuncSetAttribute C pii",
            "cuFuncSetCacheConfig C pi",
            "cuLaunchKernel C piiiiiiippp",
            "cuLaunchKernelEx C pppp",
            "cuLaunchCooperativeKernel C piiiiiiipp",
            "cuOccupancyMaxActiveBlocksPerMultiprocessor C ppil",
            "cuOccupancyMaxActiveClusters C ppp",
            "cuOccupancyMaxPotentialBlockSize C ppppli",
            "cuLinkCreate_v2 C ippp",
            "cuLinkAddData_v2 C piplpipp",
            "cuLinkComplete C ppp",
            "cuLinkDestroy C p",
        };
    }

    int cuModuleLoadData(MemorySegment out, MemorySegment image) {
        return cuModuleLoadDataEx(out, image, 0, MemorySegment.NULL, MemorySegment.NULL);
    }

    int cuModuleLoadDataEx(
            MemorySegment out,
            MemorySegment image,
            int n,
            MemorySegment options,
            MemorySegment values) {
        if (Driver.isNull(image) || n < 0) {
            return CudaError.INVALID_VALUE.code;
        }
        Device d = driver.current();
        try {
            Gpu.Module m = d.gpu.load(transform.apply(Driver.string(image)));
            int e = fits(d, m);
            if (e != 0) {
                d.gpu.unload(m);
                log(n, options, values, "target " + m.text().target() + " does not fit the device");
                return e;
            }
            Driver.putLong(out, driver.handle(new Loaded(d, m)));
            return OK;
        } catch (PtxSyntaxException e) {
            driver.bugs.add(e);
            log(n, options, values, String.valueOf(e.getMessage()));
            return CudaError.INVALID_PTX.code;
        }
    }

    /// Whether the driver knows the PTX version, and the device the target.
    private int fits(Device d, Gpu.Module m) {
        String[] v = m.text().version().split("\\.");
        int ptx = Integer.parseInt(v[0]) * 10 + Integer.parseInt(v[1]);
        int known = (driver.version / 1000 - 4) * 10 + driver.version % 1000 / 10;
        if (ptx > known) {
            return CudaError.UNSUPPORTED_PTX_VERSION.code;
        }
        String target = m.text().target().toLowerCase(Locale.ROOT);
        boolean exactly = target.endsWith("a");
        int capability = Integer.parseInt(target.replaceAll("\\D", ""));
        return d.atLeast(capability, exactly) ? OK : CudaError.NO_BINARY_FOR_GPU.code;
    }

    private static void log(int n, MemorySegment options, MemorySegment values, String message) {
        MemorySegment buffer = MemorySegment.NULL;
        long size = 0;
        for (int i = 0; i < n; i++) {
            int option = options.reinterpret(4L * n).getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
            long value = values.reinterpret(8L * n).getAtIndex(Driver.LONG, i);
            if (option == ERROR_LOG) {
                buffer = MemorySegment.ofAddress(value);
            } else if (option == ERROR_LOG_SIZE) {
                size = value & 0xffffffffL;
            }
        }
        if (Driver.isNull(buffer) || size <= 0) {
            return;
        }
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        int length = (int) Math.min(text.length, size - 1);
        MemorySegment to = buffer.reinterpret(size);
        MemorySegment.copy(text, 0, to, ValueLayout.JAVA_BYTE, 0, length);
        to.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
    }

    int cuModuleUnload(MemorySegment module) {
        Loaded m = driver.get(module, Loaded.class);
        if (m == null || !driver.drop(module, Loaded.class)) {
            return CudaError.INVALID_HANDLE.code;
        }
        int e = driver.drain(m.device());
        m.device().gpu.unload(m.module());
        return e;
    }

    int cuModuleGetFunction(MemorySegment out, MemorySegment module, MemorySegment name) {
        Loaded m = driver.get(module, Loaded.class);
        if (m == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        Kernel k = m.module().kernels().get(Driver.string(name));
        if (k == null) {
            return CudaError.NOT_FOUND.code;
        }
        String version = m.module().text().version();
        Driver.putLong(out, driver.handle(new Function(m.device(), k, version)));
        return OK;
    }

    int cuModuleGetGlobal_v2(
            MemorySegment out, MemorySegment bytes, MemorySegment module, MemorySegment name) {
        Loaded m = driver.get(module, Loaded.class);
        if (m == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        Allocation a = m.module().variables().get(Driver.string(name));
        if (a == null) {
            return CudaError.NOT_FOUND.code;
        }
        if (!Driver.isNull(out)) {
            Driver.putLong(out, a.base());
        }
        if (!Driver.isNull(bytes)) {
            Driver.putLong(bytes, a.size());
        }
        return OK;
    }

    int cuFuncGetAttribute(MemorySegment out, int attribute, MemorySegment function) {
        Function f = driver.get(function, Function.class);
        if (f == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        int most = f.kernel.entry().maxThreads();
        int value =
                switch (attribute) {
                    case 0 -> most > 0 ? most : 1024;
                    case 1 -> f.kernel.staticShared();
                    case 3 -> f.kernel.entry().localBytes();
                    case 4 -> Math.min(255, f.kernel.entry().registers().ints());
                    case 5 -> Integer.parseInt(f.version.replace(".", ""));
                    case 6 -> f.device.attribute(75) * 10 + f.device.attribute(76);
                    case 8 -> f.dynamicShared;
                    default -> 0;
                };
        Driver.putInt(out, value);
        return attribute < 0 || attribute > 15 ? CudaError.INVALID_VALUE.code : OK;
    }

    int cuFuncSetAttribute(MemorySegment function, int attribute, int value) {
        Function f = driver.get(function, Function.class);
        if (f == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        if (attribute < 8 || attribute > 15) {
            return CudaError.INVALID_VALUE.code;
        }
        if (attribute == 8) {
            if (value < 0 || value + f.kernel.staticShared() > f.device.mostDynamicShared()) {
                return CudaError.INVALID_VALUE.code;
            }
            f.dynamicShared = value;
        }
        return OK;
    }

    int cuFuncSetCacheConfig(MemorySegment function, int config) {
        return driver.get(function, Function.class) == null ? CudaError.INVALID_HANDLE.code : OK;
    }

    int cuLaunchKernel(
            MemorySegment function,
            int gx,
            int gy,
            int gz,
            int bx,
            int by,
            int bz,
            int shared,
            MemorySegment stream,
            MemorySegment params,
            MemorySegment extra) {
        Dim3 none = new Dim3(1, 1, 1);
        return launch(
                function,
                new Dim3(gx, gy, gz),
                new Dim3(bx, by, bz),
                none,
                shared,
                stream,
                params,
                extra,
                false);
    }

    int cuLaunchCooperativeKernel(
            MemorySegment function,
            int gx,
            int gy,
            int gz,
            int bx,
            int by,
            int bz,
            int shared,
            MemorySegment stream,
            MemorySegment params) {
        Dim3 none = new Dim3(1, 1, 1);
        return launch(
                function,
                new Dim3(gx, gy, gz),
                new Dim3(bx, by, bz),
                none,
                shared,
                stream,
                params,
                MemorySegment.NULL,
                true);
    }

    int cuLaunchKernelEx(
            MemorySegment config,
            MemorySegment function,
            MemorySegment params,
            MemorySegment extra) {
        MemorySegment c = config.reinterpret(56);
        int[] d = c.asSlice(0, 24).toArray(ValueLayout.JAVA_INT_UNALIGNED);
        int n = c.get(Driver.INT, 48);
        MemorySegment attributes =
                MemorySegment.ofAddress(c.get(Driver.LONG, 40)).reinterpret(72L * n);
        Dim3 cluster = new Dim3(1, 1, 1);
        boolean cooperative = false;
        for (int i = 0; i < n; i++) {
            MemorySegment a = attributes.asSlice(72L * i, 72);
            switch (a.get(Driver.INT, 0)) {
                case 2 -> cooperative = a.get(Driver.INT, 8) != 0;
                case 4 ->
                        cluster =
                                new Dim3(
                                        a.get(Driver.INT, 8),
                                        a.get(Driver.INT, 12),
                                        a.get(Driver.INT, 16));
                default -> {}
            }
        }
        return launch(
                function,
                new Dim3(d[0], d[1], d[2]),
                new Dim3(d[3], d[4], d[5]),
                cluster,
                c.get(Driver.INT, 24),
                MemorySegment.ofAddress(c.get(Driver.LONG, 32)),
                params,
                extra,
                cooperative);
    }

    private int launch(
            MemorySegment function,
            Dim3 grid,
            Dim3 block,
            Dim3 cluster,
            int shared,
            MemorySegment stream,
            MemorySegment params,
            MemorySegment extra,
            boolean cooperative) {
        Function f = driver.get(function, Function.class);
        if (f == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        if (!sane(grid, block, cluster) || shared < 0 || shared > f.dynamicShared) {
            return CudaError.INVALID_VALUE.code;
        }
        int most = f.kernel.entry().maxThreads();
        if (most > 0 && block.volume() > most) {
            return CudaError.LAUNCH_OUT_OF_RESOURCES.code;
        }
        byte[] packed = params(f.kernel, params, extra);
        if (packed == null) {
            return CudaError.INVALID_VALUE.code;
        }
        return driver.enqueue(
                stream,
                "launch",
                () ->
                        driver.launched(
                                f.device.gpu.launch(
                                        f.kernel,
                                        grid,
                                        block,
                                        cluster,
                                        shared,
                                        packed,
                                        cooperative)));
    }

    private static boolean sane(Dim3 grid, Dim3 block, Dim3 cluster) {
        return grid.x() > 0
                && grid.y() > 0
                && grid.y() <= 65535
                && grid.z() > 0
                && grid.z() <= 65535
                && block.x() > 0
                && block.y() > 0
                && block.z() > 0
                && block.z() <= 64
                && block.volume() <= 1024
                && cluster.volume() >= 1
                && cluster.volume() <= 16
                && grid.x() % cluster.x() == 0
                && grid.y() % cluster.y() == 0
                && grid.z() % cluster.z() == 0;
    }

    /// The arguments, from pointers to each, or from one packed buffer.
    private static byte @Nullable [] params(Kernel k, MemorySegment params, MemorySegment extra) {
        byte[] packed = new byte[k.entry().paramBytes()];
        if (!Driver.isNull(extra)) {
            MemorySegment e = extra.reinterpret(40);
            MemorySegment buffer = MemorySegment.NULL;
            long size = 0;
            for (int i = 0; e.getAtIndex(Driver.LONG, i) != 0; i += 2) {
                long value = e.getAtIndex(Driver.LONG, i + 1);
                if (e.getAtIndex(Driver.LONG, i) == 1) {
                    buffer = MemorySegment.ofAddress(value);
                } else {
                    size = MemorySegment.ofAddress(value).reinterpret(8).get(Driver.LONG, 0);
                }
            }
            if (size < packed.length) {
                return null;
            }
            MemorySegment.ofArray(packed).copyFrom(buffer.reinterpret(packed.length));
            return packed;
        }
        int n = k.entry().params().size();
        if (n > 0 && Driver.isNull(params)) {
            return null;
        }
        MemorySegment pointers = params.reinterpret(8L * n);
        for (int i = 0; i < n; i++) {
            Variable p = k.entry().params().get(i);
            MemorySegment from = MemorySegment.ofAddress(pointers.getAtIndex(Driver.LONG, i));
            if (Driver.isNull(from)) {
                return null;
            }
            MemorySegment.copy(
                    from.reinterpret(p.size()),
                    ValueLayout.JAVA_BYTE,
                    0,
                    packed,
                    (int) p.offset(),
                    (int) p.size());
        }
        return packed;
    }

    int cuOccupancyMaxActiveBlocksPerMultiprocessor(
            MemorySegment out, MemorySegment function, int block, long shared) {
        Function f = driver.get(function, Function.class);
        if (f == null || block <= 0 || block > 1024) {
            return f == null ? CudaError.INVALID_HANDLE.code : CudaError.INVALID_VALUE.code;
        }
        Driver.putInt(out, occupancy(f, block, shared));
        return OK;
    }

    private static int occupancy(Function f, int block, long shared) {
        long bytes = f.kernel.staticShared() + shared + 1024;
        int byShared = (int) (f.device.attribute(81) / bytes);
        return Math.min(Math.min(32, 2048 / ((block + 31) / 32 * 32)), byShared);
    }

    int cuOccupancyMaxActiveClusters(
            MemorySegment out, MemorySegment function, MemorySegment config) {
        Driver.putInt(out, driver.current().attribute(16) / 2);
        return driver.get(function, Function.class) == null ? CudaError.INVALID_HANDLE.code : OK;
    }

    int cuOccupancyMaxPotentialBlockSize(
            MemorySegment grid,
            MemorySegment block,
            MemorySegment function,
            MemorySegment sizes,
            long shared,
            int limit) {
        Function f = driver.get(function, Function.class);
        if (f == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        int most = f.kernel.entry().maxThreads() > 0 ? f.kernel.entry().maxThreads() : 1024;
        int best = limit > 0 ? Math.min(limit, most) : most;
        Driver.putInt(block, best);
        Driver.putInt(grid, f.device.attribute(16) * occupancy(f, best, shared));
        return OK;
    }

    int cuLinkCreate_v2(int n, MemorySegment options, MemorySegment values, MemorySegment out) {
        return CudaError.NOT_SUPPORTED.code;
    }

    int cuLinkAddData_v2(
            MemorySegment state,
            int type,
            MemorySegment data,
            long size,
            MemorySegment name,
            int n,
            MemorySegment options,
            MemorySegment values) {
        return CudaError.NOT_SUPPORTED.code;
    }

    int cuLinkComplete(MemorySegment state, MemorySegment out, MemorySegment size) {
        return CudaError.NOT_SUPPORTED.code;
    }

    int cuLinkDestroy(MemorySegment state) {
        return CudaError.NOT_SUPPORTED.code;
    }
}
