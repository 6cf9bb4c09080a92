package io.chagres.kernels.gpu.driver;

import io.chagres.kernels.gpu.driver.binding.CudaDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// A driver of upcall stubs whose device memory is host memory and whose kernels only note that
/// they were launched. Each method that starts with `cu` is a function of the library, with the
/// signature that `cuda.h` gives it.
public final class StubCuda implements SymbolLookup {
    private final Arena arena = Arena.ofShared();
    private final Map<String, MemorySegment> stubs = new HashMap<>();
    private final Map<Long, Arena> blocks = Collections.synchronizedMap(new HashMap<>());
    final List<String> calls = Collections.synchronizedList(new ArrayList<>());

    volatile int version = 12040;
    volatile int initResult;
    volatile int devices = 1;
    volatile int major = 8;
    volatile int allocateResult;
    volatile int sticky;
    volatile int launchResult;
    volatile boolean quiet;

    /// What a launch does: it gets the array of addresses of parameters.
    volatile Consumer<MemorySegment> onLaunch = parameters -> {};

    StubCuda() {
        try {
            for (Method m : StubCuda.class.getDeclaredMethods()) {
                if (m.getName().startsWith("cu")) {
                    FunctionDescriptor d =
                            (FunctionDescriptor)
                                    CudaDriver.class
                                            .getMethod(m.getName() + "$descriptor")
                                            .invoke(null);
                    stubs.put(
                            m.getName(),
                            Linker.nativeLinker()
                                    .upcallStub(
                                            MethodHandles.lookup()
                                                    .findVirtual(
                                                            StubCuda.class,
                                                            m.getName(),
                                                            d.toMethodType())
                                                    .bindTo(this),
                                            d,
                                            arena));
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public Optional<MemorySegment> find(String name) {
        return Optional.ofNullable(stubs.get(name));
    }

    /// The same library without one function.
    SymbolLookup without(String name) {
        return n -> n.equals(name) ? Optional.empty() : find(n);
    }

    /// Blocks of memory that were not given back.
    int openBlocks() {
        return blocks.size();
    }

    private int note(String call) {
        if (!quiet) {
            calls.add(call);
        }
        return sticky;
    }

    private static void put(MemorySegment out, long value) {
        out.reinterpret(8).set(ValueLayout.JAVA_LONG, 0, value);
    }

    private static void put(MemorySegment out, int value) {
        out.reinterpret(4).set(ValueLayout.JAVA_INT, 0, value);
    }

    private static MemorySegment memory(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    private void allocate(MemorySegment out, long bytes) {
        Arena own = Arena.ofShared();
        MemorySegment s = own.allocate(bytes, 256);
        blocks.put(s.address(), own);
        put(out, s.address());
    }

    private void release(long address) {
        Arena own = blocks.remove(address);
        if (own == null) {
            throw new AssertionError("no block at " + address);
        }
        own.close();
    }

    int cuInit(int flags) {
        note("cuInit");
        return initResult;
    }

    int cuDriverGetVersion(MemorySegment out) {
        put(out, version);
        return 0;
    }

    int cuDeviceGetCount(MemorySegment out) {
        put(out, devices);
        return devices < 0 ? 100 : 0;
    }

    int cuDeviceGet(MemorySegment out, int ordinal) {
        put(out, ordinal + 70);
        return 0;
    }

    int cuDeviceGetName(MemorySegment out, int length, int device) {
        out.reinterpret(length).setString(0, "Stub " + device);
        return 0;
    }

    int cuDeviceTotalMem_v2(MemorySegment out, int device) {
        put(out, 3L << 30);
        return 0;
    }

    int cuDeviceGetAttribute(MemorySegment out, int attribute, int device) {
        put(out, attribute == 75 ? major : attribute == 76 ? 6 : 17);
        return 0;
    }

    int cuDevicePrimaryCtxRetain(MemorySegment out, int device) {
        put(out, 0xC0FFEEL);
        return note("retain " + device);
    }

    int cuDevicePrimaryCtxRelease_v2(int device) {
        note("release " + device);
        return 0;
    }

    int cuCtxSetCurrent(MemorySegment context) {
        return note("current " + Long.toHexString(context.address()));
    }

    int cuStreamCreate(MemorySegment out, int flags) {
        put(out, 5L);
        return note("stream " + flags);
    }

    int cuStreamDestroy_v2(MemorySegment stream) {
        return note("destroy stream " + stream.address());
    }

    int cuStreamSynchronize(MemorySegment stream) {
        return note("synchronize");
    }

    int cuEventCreate(MemorySegment out, int flags) {
        allocate(out, 8);
        return note("event");
    }

    int cuEventDestroy_v2(MemorySegment event) {
        release(event.address());
        return 0;
    }

    int cuEventRecord(MemorySegment event, MemorySegment stream) {
        return sticky;
    }

    int cuEventSynchronize(MemorySegment event) {
        return sticky;
    }

    int cuDeviceGetDefaultMemPool(MemorySegment out, int device) {
        put(out, 6L);
        return sticky;
    }

    int cuMemPoolSetAttribute(MemorySegment pool, int attribute, MemorySegment value) {
        return note("pool " + attribute + " " + value.reinterpret(8).get(ValueLayout.JAVA_LONG, 0));
    }

    int cuMemAllocAsync(MemorySegment out, long bytes, MemorySegment stream) {
        if (allocateResult == 0) {
            allocate(out, bytes);
        }
        return allocateResult;
    }

    int cuMemFreeAsync(long address, MemorySegment stream) {
        release(address);
        return sticky;
    }

    int cuMemGetInfo_v2(MemorySegment out, MemorySegment total) {
        put(out, 5L << 20);
        put(total, 9L << 20);
        return 0;
    }

    int cuMemHostAlloc(MemorySegment out, long bytes, int flags) {
        allocate(out, bytes);
        return sticky;
    }

    int cuMemFreeHost(MemorySegment address) {
        release(address.address());
        return 0;
    }

    int cuMemcpyHtoDAsync_v2(long to, MemorySegment from, long bytes, MemorySegment stream) {
        memory(to, bytes).copyFrom(from.reinterpret(bytes));
        return note("upload " + bytes);
    }

    int cuMemcpyDtoHAsync_v2(MemorySegment to, long from, long bytes, MemorySegment stream) {
        to.reinterpret(bytes).copyFrom(memory(from, bytes));
        return note("download " + bytes);
    }

    int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, MemorySegment stream) {
        memory(to, bytes).copyFrom(memory(from, bytes));
        return note("copy " + bytes);
    }

    int cuMemsetD8Async(long address, byte value, long bytes, MemorySegment stream) {
        memory(address, bytes).fill(value);
        return sticky;
    }

    int cuModuleLoadData(MemorySegment out, MemorySegment image) {
        put(out, 9L);
        return image.reinterpret(4096).getString(0).contains(".entry") ? sticky : 218;
    }

    int cuModuleLoadDataEx(
            MemorySegment out,
            MemorySegment image,
            int options,
            MemorySegment which,
            MemorySegment values) {
        long log = values.reinterpret(16).get(ValueLayout.JAVA_LONG, 0);
        memory(log, 64).setString(0, "line 1: no kernel");
        return 218;
    }

    int cuModuleUnload(MemorySegment module) {
        return 0;
    }

    int cuModuleGetFunction(MemorySegment out, MemorySegment module, MemorySegment name) {
        String n = name.reinterpret(256).getString(0);
        put(out, 40L + n.length());
        note("function " + n);
        return n.equals("absent") ? 500 : sticky;
    }

    int cuFuncSetAttribute(MemorySegment function, int attribute, int value) {
        return note("attribute " + attribute + " " + value);
    }

    int cuLaunchKernel(
            MemorySegment function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int shared,
            MemorySegment stream,
            MemorySegment parameters,
            MemorySegment extra) {
        onLaunch.accept(parameters);
        if (!quiet) {
            note(
                    "launch %d (%d,%d,%d) (%d,%d,%d) %d on %d"
                            .formatted(
                                    function.address(),
                                    gridX,
                                    gridY,
                                    gridZ,
                                    blockX,
                                    blockY,
                                    blockZ,
                                    shared,
                                    stream.address()));
        }
        return sticky != 0 ? sticky : launchResult;
    }

    int cuGetErrorName(int code, MemorySegment out) {
        String name =
                switch (code) {
                    case 2 -> "CUDA_ERROR_OUT_OF_MEMORY";
                    case 100 -> "CUDA_ERROR_NO_DEVICE";
                    case 700 -> "CUDA_ERROR_ILLEGAL_ADDRESS";
                    default -> "";
                };
        if (name.isEmpty()) {
            put(out, 0L);
            return 1;
        }
        put(out, arena.allocateFrom(name).address());
        return 0;
    }
}
