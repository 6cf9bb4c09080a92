package io.chagres.ptx.driver;

import io.chagres.ptx.machine.Allocation;
import io.chagres.ptx.machine.Bytes;
import io.chagres.ptx.machine.TensorMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/// Device memory, pinned host memory, copies, fills, pools, tensor maps.
final class MemoryCalls {
    private static final int OK = 0;

    private final Driver driver;
    private final ConcurrentSkipListMap<Long, Pinned> pinned = new ConcurrentSkipListMap<>();

    /// Host memory that copies may use later than they are asked to.
    private record Pinned(long bytes, @Nullable Arena arena) {}

    /// A pool other than the device's own.
    private record Pool(Device device) {}

    private final Map<Integer, Long> poolAttributes = new ConcurrentSkipListMap<>();

    MemoryCalls(Driver driver) {
        this.driver = driver;
    }

    static String[] table() {
        return new String[] {
            "cuMemAlloc_v2 C pl",
            "cuMemAllocAsync C plp",
            "cuMemAllocFromPoolAsync C plpp",
            "cuMemFree_v2 C l",
            "cuMemFreeAsync C lp",
            "cuMemGetInfo_v2 C pp",
            "cuMemHostAlloc C pli",
            "cuMemFreeHost C p",
            "cuMemHostRegister_v2 C pli",
            "cuMemHostUnregister C p",
            "cuMemHostGetDevicePointer_v2 C ppi",
            "cuMemPoolCreate C pp",
            "cuMemPoolDestroy C p",
            "cuMemPoolGetAttribute C pip",
            "cuMemPoolSetAttribute C pip",
            "cuMemPoolSetAccess C ppl",
            "cuMemPoolTrimTo C pl",
            "cuMemcpyHtoD_v2 C lpl",
            "cuMemcpyDtoH_v2 C pll",
            "cuMemcpyHtoDAsync_v2 C lplp",
            "cuMemcpyDtoHAsync_v2 C pllp",
            "cuMemcpyDtoDAsync_v2 C lllp",
            "cuMemcpyPeerAsync C lplplp",
            "cuMemcpy2DAsync_v2 C pp",
            "cuMemsetD8Async C lblp",
            "cuMemsetD16Async C lslp",
            "cuMemsetD32Async C lilp",
            "cuPointerGetAttribute C pil",
            "cuTensorMapEncodeTiled N piipppppiiii",
        };
    }

    int live() {
        return pinned.size();
    }

    void close() {
        for (Pinned p : pinned.values()) {
            if (p.arena() != null) {
                p.arena().close();
            }
        }
        pinned.clear();
    }

    int cuMemAlloc_v2(MemorySegment out, long bytes) {
        if (bytes <= 0) {
            return CudaError.INVALID_VALUE.code;
        }
        Device d = driver.current();
        Allocation a = d.gpu.memory().allocate("allocation", bytes, false);
        if (a == null) {
            return CudaError.OUT_OF_MEMORY.code;
        }
        d.noteUse();
        Driver.putLong(out, a.base());
        return OK;
    }

    int cuMemAllocAsync(MemorySegment out, long bytes, MemorySegment stream) {
        Stream s = driver.stream(stream);
        if (s == null) {
            return CudaError.INVALID_HANDLE.code;
        }
        if (driver.spoilsCapture(s)) {
            return CudaError.STREAM_CAPTURE_UNSUPPORTED.code;
        }
        return cuMemAlloc_v2(out, bytes);
    }

    int cuMemAllocFromPoolAsync(
            MemorySegment out, long bytes, MemorySegment pool, MemorySegment stream) {
        return pool(pool) ? cuMemAllocAsync(out, bytes, stream) : CudaError.INVALID_VALUE.code;
    }

    int cuMemFree_v2(long address) {
        Device d = driver.current();
        int e = driver.drain(d);
        return e != 0 ? e : free(d, address);
    }

    private static int free(Device d, long address) {
        return address == 0 || d.gpu.memory().free(address) ? OK : CudaError.INVALID_VALUE.code;
    }

    int cuMemFreeAsync(long address, MemorySegment stream) {
        Device d = driver.current();
        Allocation a = d.gpu.memory().find(address, 1);
        if (a == null || a.base() != address) {
            return CudaError.INVALID_VALUE.code;
        }
        return driver.enqueue(stream, "free", () -> free(d, address));
    }

    int cuMemGetInfo_v2(MemorySegment free, MemorySegment total) {
        Device d = driver.current();
        Driver.putLong(free, d.gpu.memory().capacity() - d.gpu.memory().used());
        Driver.putLong(total, d.gpu.memory().capacity());
        return OK;
    }

    int cuMemHostAlloc(MemorySegment out, long bytes, int flags) {
        if (bytes <= 0) {
            return CudaError.INVALID_VALUE.code;
        }
        Arena arena = Arena.ofShared();
        long at = arena.allocate(bytes, 4096).address();
        pinned.put(at, new Pinned(bytes, arena));
        Driver.putLong(out, at);
        return OK;
    }

    int cuMemFreeHost(MemorySegment p) {
        Pinned held = pinned.get(p.address());
        if (held == null || held.arena() == null) {
            return CudaError.INVALID_VALUE.code;
        }
        int e = driver.drain(driver.current());
        pinned.remove(p.address());
        held.arena().close();
        return e;
    }

    int cuMemHostRegister_v2(MemorySegment p, long bytes, int flags) {
        if (isPinned(p.address())) {
            return CudaError.HOST_MEMORY_ALREADY_REGISTERED.code;
        }
        if (Driver.isNull(p) || bytes <= 0) {
            return CudaError.INVALID_VALUE.code;
        }
        pinned.put(p.address(), new Pinned(bytes, null));
        return OK;
    }

    int cuMemHostUnregister(MemorySegment p) {
        Pinned held = pinned.get(p.address());
        if (held == null || held.arena() != null) {
            return CudaError.HOST_MEMORY_NOT_REGISTERED.code;
        }
        pinned.remove(p.address());
        return OK;
    }

    int cuMemHostGetDevicePointer_v2(MemorySegment out, MemorySegment p, int flags) {
        return CudaError.NOT_SUPPORTED.code;
    }

    private boolean isPinned(long address) {
        Map.Entry<Long, Pinned> e = pinned.floorEntry(address);
        return e != null && address < e.getKey() + e.getValue().bytes();
    }

    private boolean pool(MemorySegment pool) {
        return driver.get(pool, Pool.class) != null
                || driver.devices.stream().anyMatch(d -> d.pool == pool.address());
    }

    int cuMemPoolCreate(MemorySegment out, MemorySegment properties) {
        Driver.putLong(out, driver.handle(new Pool(driver.current())));
        return OK;
    }

    int cuMemPoolDestroy(MemorySegment pool) {
        return driver.drop(pool, Pool.class) ? OK : CudaError.INVALID_VALUE.code;
    }

    int cuMemPoolGetAttribute(MemorySegment pool, int attribute, MemorySegment value) {
        if (!pool(pool) || attribute < 1 || attribute > 8) {
            return CudaError.INVALID_VALUE.code;
        }
        Device d = driver.current();
        long used = d.gpu.memory().used();
        switch (attribute) {
            case 1, 2, 3 ->
                    Driver.putInt(value, poolAttributes.getOrDefault(attribute, 1L).intValue());
            case 4 -> Driver.putLong(value, poolAttributes.getOrDefault(4, 0L));
            case 5, 7 -> Driver.putLong(value, used);
            default -> Driver.putLong(value, d.mostUsed);
        }
        return OK;
    }

    int cuMemPoolSetAttribute(MemorySegment pool, int attribute, MemorySegment value) {
        if (!pool(pool) || attribute < 1 || attribute > 8) {
            return CudaError.INVALID_VALUE.code;
        }
        if (attribute < 4) {
            poolAttributes.put(attribute, (long) value.reinterpret(4).get(Driver.INT, 0));
        } else if (attribute == 4) {
            poolAttributes.put(attribute, value.reinterpret(8).get(Driver.LONG, 0));
        } else {
            driver.current().mostUsed = driver.current().gpu.memory().used();
        }
        return OK;
    }

    int cuMemPoolSetAccess(MemorySegment pool, MemorySegment map, long count) {
        return pool(pool) ? OK : CudaError.INVALID_VALUE.code;
    }

    int cuMemPoolTrimTo(MemorySegment pool, long bytes) {
        return pool(pool) ? OK : CudaError.INVALID_VALUE.code;
    }

    // Copies. A range must lie in one allocation.

    private @Nullable MemorySegment range(long address, long bytes) {
        Allocation a = driver.current().gpu.memory().find(address, bytes);
        return a == null
                ? null
                : MemorySegment.ofArray(a.data()).asSlice(address - a.base(), bytes);
    }

    int cuMemcpyHtoD_v2(long to, MemorySegment from, long bytes) {
        int e = driver.drain(driver.current());
        return e != 0 ? e : copyIn(to, from, bytes, MemorySegment.NULL, false);
    }

    int cuMemcpyHtoDAsync_v2(long to, MemorySegment from, long bytes, MemorySegment stream) {
        return copyIn(to, from, bytes, stream, true);
    }

    private int copyIn(
            long to, MemorySegment from, long bytes, MemorySegment stream, boolean async) {
        MemorySegment target = range(to, bytes);
        if (target == null || Driver.isNull(from) && bytes > 0) {
            return CudaError.INVALID_VALUE.code;
        }
        MemorySegment source = from.reinterpret(bytes);
        if (!async) {
            target.copyFrom(source);
            return OK;
        }
        Stream s = driver.stream(stream);
        if (s != null && s.capture == null && !isPinned(from.address())) {
            // Pageable memory is staged before the call returns.
            byte[] staged = source.toArray(ValueLayout.JAVA_BYTE);
            return driver.enqueue(
                    stream, "in", () -> target.copyFrom(MemorySegment.ofArray(staged)));
        }
        return driver.enqueue(stream, "in", () -> target.copyFrom(source));
    }

    int cuMemcpyDtoH_v2(MemorySegment to, long from, long bytes) {
        MemorySegment source = range(from, bytes);
        if (source == null || Driver.isNull(to) && bytes > 0) {
            return CudaError.INVALID_VALUE.code;
        }
        int e = driver.drain(driver.current());
        if (e == 0) {
            to.reinterpret(bytes).copyFrom(source);
        }
        return e;
    }

    int cuMemcpyDtoHAsync_v2(MemorySegment to, long from, long bytes, MemorySegment stream) {
        MemorySegment source = range(from, bytes);
        if (source == null || Driver.isNull(to) && bytes > 0) {
            return CudaError.INVALID_VALUE.code;
        }
        MemorySegment target = to.reinterpret(bytes);
        int e = driver.enqueue(stream, "out", () -> target.copyFrom(source));
        Stream s = driver.stream(stream);
        if (e == 0 && s != null && s.capture == null && !isPinned(to.address())) {
            // Into pageable memory the call returns when the copy is done.
            s.drain();
            return s.device.sticky;
        }
        return e;
    }

    int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, MemorySegment stream) {
        MemorySegment target = range(to, bytes);
        MemorySegment source = range(from, bytes);
        if (target == null || source == null) {
            return CudaError.INVALID_VALUE.code;
        }
        return driver.enqueue(stream, "copy", () -> target.copyFrom(source));
    }

    int cuMemcpyPeerAsync(
            long to,
            MemorySegment toContext,
            long from,
            MemorySegment fromContext,
            long bytes,
            MemorySegment stream) {
        return toContext.address() == fromContext.address()
                ? cuMemcpyDtoDAsync_v2(to, from, bytes, stream)
                : CudaError.PEER_ACCESS_UNSUPPORTED.code;
    }

    int cuMemcpy2DAsync_v2(MemorySegment description, MemorySegment stream) {
        MemorySegment c = description.reinterpret(128);
        long width = c.get(Driver.LONG, 112);
        long height = c.get(Driver.LONG, 120);
        long fromPitch = c.get(Driver.LONG, 48);
        long toPitch = c.get(Driver.LONG, 104);
        if (width > fromPitch && height > 1 || width > toPitch && height > 1) {
            return CudaError.INVALID_VALUE.code;
        }
        long rows = Math.max(height - 1, 0);
        MemorySegment from = side(c, 0, rows * fromPitch + width);
        MemorySegment to = side(c, 56, rows * toPitch + width);
        if (from == null || to == null) {
            return CudaError.INVALID_VALUE.code;
        }
        return driver.enqueue(
                stream,
                "copy",
                () -> {
                    for (long y = 0; y < height; y++) {
                        MemorySegment.copy(from, y * fromPitch, to, y * toPitch, width);
                    }
                });
    }

    /// Source (at 0) or destination (at 56) of a 2D copy: host memory is type 1, device memory 2.
    private @Nullable MemorySegment side(MemorySegment c, long at, long bytes) {
        long pitch = c.get(Driver.LONG, at + 48);
        long offset = c.get(Driver.LONG, at) + c.get(Driver.LONG, at + 8) * pitch;
        return switch (c.get(Driver.INT, at + 16)) {
            case 1 ->
                    MemorySegment.ofAddress(c.get(Driver.LONG, at + 24) + offset)
                            .reinterpret(bytes);
            case 2 -> range(c.get(Driver.LONG, at + 32) + offset, bytes);
            default -> null;
        };
    }

    int cuMemsetD8Async(long to, byte value, long n, MemorySegment stream) {
        return fill(to, value, 1, n, stream);
    }

    int cuMemsetD16Async(long to, short value, long n, MemorySegment stream) {
        return fill(to, value, 2, n, stream);
    }

    int cuMemsetD32Async(long to, int value, long n, MemorySegment stream) {
        return fill(to, value, 4, n, stream);
    }

    private int fill(long to, long value, int size, long n, MemorySegment stream) {
        Allocation a = driver.current().gpu.memory().find(to, n * size);
        if (a == null || to % size != 0) {
            return CudaError.INVALID_VALUE.code;
        }
        int first = (int) (to - a.base());
        return driver.enqueue(
                stream,
                "fill",
                () -> {
                    for (int i = 0; i < n; i++) {
                        Bytes.put(a.data(), first + i * size, size, value);
                    }
                });
    }

    int cuPointerGetAttribute(MemorySegment out, int attribute, long address) {
        boolean device = driver.current().gpu.memory().find(address, 1) != null;
        if (!device && !isPinned(address)) {
            return CudaError.INVALID_VALUE.code;
        }
        switch (attribute) {
            case 2 -> Driver.putInt(out, device ? 2 : 1);
            case 9 -> Driver.putInt(out, driver.current().ordinal);
            default -> {
                return CudaError.INVALID_VALUE.code;
            }
        }
        return OK;
    }

    int cuTensorMapEncodeTiled(
            MemorySegment out,
            int type,
            int rank,
            MemorySegment address,
            MemorySegment sizes,
            MemorySegment strides,
            MemorySegment boxes,
            MemorySegment elementStrides,
            int interleave,
            int swizzle,
            int promotion,
            int fill) {
        int element =
                type < 0 || type > 12 ? 0 : new int[] {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4}[type];
        int pattern = swizzle == 0 ? 0 : 16 << swizzle;
        if (out.address() % 64 != 0
                || element == 0
                || rank < 1
                || rank > 5
                || interleave != 0
                || swizzle < 0
                || swizzle > 3
                || address.address() % 16 != 0) {
            return CudaError.INVALID_VALUE.code;
        }
        long[] size = sizes.reinterpret(8L * rank).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
        int[] box = boxes.reinterpret(4L * rank).toArray(ValueLayout.JAVA_INT_UNALIGNED);
        int[] steps = elementStrides.reinterpret(4L * rank).toArray(ValueLayout.JAVA_INT_UNALIGNED);
        long[] stride =
                rank == 1
                        ? new long[0]
                        : strides.reinterpret(8L * (rank - 1))
                                .toArray(ValueLayout.JAVA_LONG_UNALIGNED);
        boolean fits = box[0] * element % 16 == 0 && (pattern == 0 || box[0] * element <= pattern);
        for (int i = 0; i < rank; i++) {
            fits &= box[i] > 0 && box[i] <= 256 && size[i] > 0 && steps[i] == 1;
            fits &= i == 0 || stride[i - 1] % 16 == 0;
        }
        if (!fits) {
            return CudaError.INVALID_VALUE.code;
        }
        TensorMap map = new TensorMap(address.address(), element, size, stride, box, pattern);
        out.reinterpret(TensorMap.BYTES).copyFrom(MemorySegment.ofArray(map.bytes()));
        return OK;
    }
}
