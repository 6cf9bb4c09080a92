package io.chagres.kernels.gpu.driver;

import static io.chagres.kernels.gpu.driver.binding.CudaDriver.*;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The driver behind a symbol lookup: `libcuda` itself, or a stand-in for tests. Descriptors are
/// those generated from `cuda.h`, with pointers as numbers, so that no call makes an object.
///
/// Functions that run once per device go through a generic call; those on the way of every step are
/// invoked exactly.
final class FfmCudaDriver implements CudaDriver {
    private static final long NAME_BYTES = 256;

    private final Linker linker = Linker.nativeLinker();
    private final SymbolLookup symbols;

    private final MethodHandle init;
    private final MethodHandle version;
    private final MethodHandle deviceCount;
    private final MethodHandle device;
    private final MethodHandle deviceName;
    private final MethodHandle deviceBytes;
    private final MethodHandle deviceAttribute;
    private final MethodHandle retainContext;
    private final MethodHandle releaseContext;
    private final MethodHandle setContext;
    private final MethodHandle createStream;
    private final MethodHandle destroyStream;
    private final MethodHandle synchronize;
    private final MethodHandle createEvent;
    private final MethodHandle destroyEvent;
    private final MethodHandle recordEvent;
    private final MethodHandle awaitEvent;
    private final MethodHandle defaultPool;
    private final MethodHandle setPoolAttribute;
    private final MethodHandle allocate;
    private final MethodHandle free;
    private final MethodHandle memoryInfo;
    private final MethodHandle allocateHost;
    private final MethodHandle freeHost;
    private final MethodHandle copyToDevice;
    private final MethodHandle copyToHost;
    private final MethodHandle copyOnDevice;
    private final MethodHandle fill;
    private final MethodHandle loadModule;
    private final MethodHandle loadModuleEx;
    private final MethodHandle unloadModule;
    private final MethodHandle function;
    private final MethodHandle setFunctionAttribute;
    private final MethodHandle launch;
    private final MethodHandle errorName;

    /// Binds every function.
    ///
    /// @throws java.util.NoSuchElementException when the library lacks one
    FfmCudaDriver(SymbolLookup symbols) {
        this.symbols = symbols;
        init = bind("cuInit", cuInit$descriptor());
        version = bind("cuDriverGetVersion", cuDriverGetVersion$descriptor());
        deviceCount = bind("cuDeviceGetCount", cuDeviceGetCount$descriptor());
        device = bind("cuDeviceGet", cuDeviceGet$descriptor());
        deviceName = bind("cuDeviceGetName", cuDeviceGetName$descriptor());
        deviceBytes = bind("cuDeviceTotalMem_v2", cuDeviceTotalMem_v2$descriptor());
        deviceAttribute = bind("cuDeviceGetAttribute", cuDeviceGetAttribute$descriptor());
        retainContext = bind("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain$descriptor());
        releaseContext =
                bind("cuDevicePrimaryCtxRelease_v2", cuDevicePrimaryCtxRelease_v2$descriptor());
        setContext = bind("cuCtxSetCurrent", cuCtxSetCurrent$descriptor());
        createStream = bind("cuStreamCreate", cuStreamCreate$descriptor());
        destroyStream = bind("cuStreamDestroy_v2", cuStreamDestroy_v2$descriptor());
        synchronize = bind("cuStreamSynchronize", cuStreamSynchronize$descriptor());
        createEvent = bind("cuEventCreate", cuEventCreate$descriptor());
        destroyEvent = bind("cuEventDestroy_v2", cuEventDestroy_v2$descriptor());
        recordEvent = bind("cuEventRecord", cuEventRecord$descriptor());
        awaitEvent = bind("cuEventSynchronize", cuEventSynchronize$descriptor());
        defaultPool = bind("cuDeviceGetDefaultMemPool", cuDeviceGetDefaultMemPool$descriptor());
        setPoolAttribute = bind("cuMemPoolSetAttribute", cuMemPoolSetAttribute$descriptor());
        allocate = bind("cuMemAllocAsync", cuMemAllocAsync$descriptor());
        free = bind("cuMemFreeAsync", cuMemFreeAsync$descriptor());
        memoryInfo = bind("cuMemGetInfo_v2", cuMemGetInfo_v2$descriptor());
        allocateHost = bind("cuMemHostAlloc", cuMemHostAlloc$descriptor());
        freeHost = bind("cuMemFreeHost", cuMemFreeHost$descriptor());
        copyToDevice = bind("cuMemcpyHtoDAsync_v2", cuMemcpyHtoDAsync_v2$descriptor());
        copyToHost = bind("cuMemcpyDtoHAsync_v2", cuMemcpyDtoHAsync_v2$descriptor());
        copyOnDevice = bind("cuMemcpyDtoDAsync_v2", cuMemcpyDtoDAsync_v2$descriptor());
        fill = bind("cuMemsetD8Async", cuMemsetD8Async$descriptor());
        loadModule = bind("cuModuleLoadData", cuModuleLoadData$descriptor());
        loadModuleEx = bind("cuModuleLoadDataEx", cuModuleLoadDataEx$descriptor());
        unloadModule = bind("cuModuleUnload", cuModuleUnload$descriptor());
        function = bind("cuModuleGetFunction", cuModuleGetFunction$descriptor());
        setFunctionAttribute = bind("cuFuncSetAttribute", cuFuncSetAttribute$descriptor());
        launch = bind("cuLaunchKernel", cuLaunchKernel$descriptor());
        errorName = bind("cuGetErrorName", cuGetErrorName$descriptor());
    }

    private MethodHandle bind(String name, FunctionDescriptor descriptor) {
        MemoryLayout[] arguments =
                descriptor.argumentLayouts().stream()
                        .map(l -> l instanceof AddressLayout ? ValueLayout.JAVA_LONG : l)
                        .toArray(MemoryLayout[]::new);
        return linker.downcallHandle(
                symbols.findOrThrow(name), FunctionDescriptor.of(C_INT, arguments));
    }

    private static int call(MethodHandle handle, Object... arguments) {
        try {
            return (int) handle.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static AssertionError unexpected(Throwable e) {
        return new AssertionError("a downcall threw", e);
    }

    @Override
    public int init() {
        return call(init, 0);
    }

    @Override
    public int version(MemorySegment out) {
        return call(version, out.address());
    }

    @Override
    public int deviceCount(MemorySegment out) {
        return call(deviceCount, out.address());
    }

    @Override
    public int device(MemorySegment out, int ordinal) {
        return call(device, out.address(), ordinal);
    }

    @Override
    public int deviceName(MemorySegment out, int device) {
        return call(deviceName, out.address(), (int) out.byteSize(), device);
    }

    @Override
    public int deviceBytes(MemorySegment out, int device) {
        return call(deviceBytes, out.address(), device);
    }

    @Override
    public int deviceAttribute(MemorySegment out, int attribute, int device) {
        return call(deviceAttribute, out.address(), attribute, device);
    }

    @Override
    public int retainContext(MemorySegment out, int device) {
        return call(retainContext, out.address(), device);
    }

    @Override
    public int releaseContext(int device) {
        return call(releaseContext, device);
    }

    @Override
    public int setContext(long context) {
        return call(setContext, context);
    }

    @Override
    public int createStream(MemorySegment out, int flags) {
        return call(createStream, out.address(), flags);
    }

    @Override
    public int destroyStream(long stream) {
        return call(destroyStream, stream);
    }

    @Override
    public int synchronize(long stream) {
        try {
            return (int) synchronize.invokeExact(stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int createEvent(MemorySegment out, int flags) {
        return call(createEvent, out.address(), flags);
    }

    @Override
    public int destroyEvent(long event) {
        return call(destroyEvent, event);
    }

    @Override
    public int recordEvent(long event, long stream) {
        try {
            return (int) recordEvent.invokeExact(event, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int awaitEvent(long event) {
        try {
            return (int) awaitEvent.invokeExact(event);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int defaultPool(MemorySegment out, int device) {
        return call(defaultPool, out.address(), device);
    }

    @Override
    public int setPoolAttribute(long pool, int attribute, MemorySegment value) {
        return call(setPoolAttribute, pool, attribute, value.address());
    }

    @Override
    public int allocate(MemorySegment out, long bytes, long stream) {
        return call(allocate, out.address(), bytes, stream);
    }

    @Override
    public int free(long address, long stream) {
        return call(free, address, stream);
    }

    @Override
    public int memoryInfo(MemorySegment out, MemorySegment total) {
        return call(memoryInfo, out.address(), total.address());
    }

    @Override
    public int allocateHost(MemorySegment out, long bytes, int flags) {
        return call(allocateHost, out.address(), bytes, flags);
    }

    @Override
    public int freeHost(long address) {
        return call(freeHost, address);
    }

    @Override
    public int copyToDevice(long to, long from, long bytes, long stream) {
        try {
            return (int) copyToDevice.invokeExact(to, from, bytes, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int copyToHost(long to, long from, long bytes, long stream) {
        try {
            return (int) copyToHost.invokeExact(to, from, bytes, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int copyOnDevice(long to, long from, long bytes, long stream) {
        try {
            return (int) copyOnDevice.invokeExact(to, from, bytes, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int fill(long address, byte value, long bytes, long stream) {
        try {
            return (int) fill.invokeExact(address, value, bytes, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int loadModule(MemorySegment out, MemorySegment image) {
        return call(loadModule, out.address(), image.address());
    }

    @Override
    public int loadModule(MemorySegment out, MemorySegment image, MemorySegment errors) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment options =
                    arena.allocateFrom(
                            ValueLayout.JAVA_INT,
                            CU_JIT_ERROR_LOG_BUFFER(),
                            CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES());
            MemorySegment values =
                    arena.allocateFrom(ValueLayout.JAVA_LONG, errors.address(), errors.byteSize());
            return call(
                    loadModuleEx,
                    out.address(),
                    image.address(),
                    2,
                    options.address(),
                    values.address());
        }
    }

    @Override
    public int unloadModule(long module) {
        return call(unloadModule, module);
    }

    @Override
    public int function(MemorySegment out, long module, MemorySegment name) {
        return call(function, out.address(), module, name.address());
    }

    @Override
    public int setFunctionAttribute(long function, int attribute, int value) {
        return call(setFunctionAttribute, function, attribute, value);
    }

    @Override
    public int launch(
            long function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int sharedBytes,
            long stream,
            long parameters) {
        try {
            return (int)
                    launch.invokeExact(
                            function,
                            gridX,
                            gridY,
                            gridZ,
                            blockX,
                            blockY,
                            blockZ,
                            sharedBytes,
                            stream,
                            parameters,
                            0L);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public String errorName(int code) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(C_POINTER);
            int rc = call(errorName, code, out.address());
            MemorySegment name = out.get(C_POINTER, 0);
            return rc == 0 && name.address() != 0
                    ? name.reinterpret(NAME_BYTES).getString(0) + " (" + code + ")"
                    : "CUDA error " + code;
        }
    }
}
