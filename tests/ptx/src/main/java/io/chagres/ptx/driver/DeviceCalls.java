package io.chagres.ptx.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// Initialisation, devices, contexts, names of errors.
final class DeviceCalls {
    private static final int OK = 0;

    private final Driver driver;
    private final Arena arena;

    DeviceCalls(Driver driver, Arena arena) {
        this.driver = driver;
        this.arena = arena;
    }

    static String[] table() {
        return new String[] {
            "cuInit N i",
            "cuDriverGetVersion N p",
            "cuGetErrorName N ip",
            "cuGetErrorString N ip",
            "cuDeviceGet I pi",
            "cuDeviceGetCount I p",
            "cuDeviceGetName I pii",
            "cuDeviceGetAttribute I pii",
            "cuDeviceTotalMem_v2 I pi",
            "cuDeviceGetUuid_v2 I pi",
            "cuDeviceGetPCIBusId I pii",
            "cuDeviceGetDefaultMemPool I pi",
            "cuDeviceCanAccessPeer I pii",
            "cuDevicePrimaryCtxRetain I pi",
            "cuDevicePrimaryCtxRelease_v2 I i",
            "cuDevicePrimaryCtxSetFlags_v2 I ii",
            "cuCtxSetCurrent I p",
            "cuCtxGetCurrent I p",
            "cuCtxSynchronize C ",
            "cuCtxGetLimit C pi",
            "cuCtxSetLimit C il",
            "cuCtxGetStreamPriorityRange C pp",
            "cuCtxEnablePeerAccess C pi",
        };
    }

    int cuInit(int flags) {
        if (flags != 0) {
            return CudaError.INVALID_VALUE.code;
        }
        if (driver.devices.isEmpty()) {
            return CudaError.NO_DEVICE.code;
        }
        driver.initialise();
        return OK;
    }

    int cuDriverGetVersion(MemorySegment out) {
        Driver.putInt(out, driver.version);
        return OK;
    }

    int cuGetErrorName(int code, MemorySegment out) {
        MemorySegment s = driver.string(code, true, arena);
        Driver.putLong(out, s.address());
        return Driver.isNull(s) ? CudaError.INVALID_VALUE.code : OK;
    }

    int cuGetErrorString(int code, MemorySegment out) {
        MemorySegment s = driver.string(code, false, arena);
        Driver.putLong(out, s.address());
        return Driver.isNull(s) ? CudaError.INVALID_VALUE.code : OK;
    }

    int cuDeviceGet(MemorySegment out, int ordinal) {
        if (driver.device(ordinal) == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        Driver.putInt(out, ordinal);
        return OK;
    }

    int cuDeviceGetCount(MemorySegment out) {
        Driver.putInt(out, driver.devices.size());
        return OK;
    }

    int cuDeviceGetName(MemorySegment out, int length, int device) {
        Device d = driver.device(device);
        if (d == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        String name = "PTX interpreter sm_" + d.attribute(75) + d.attribute(76);
        return text(out, length, name);
    }

    private static int text(MemorySegment out, int length, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
        int n = Math.min(bytes.length, length - 1);
        if (n < 0) {
            return CudaError.INVALID_VALUE.code;
        }
        MemorySegment to = out.reinterpret(length);
        MemorySegment.copy(bytes, 0, to, ValueLayout.JAVA_BYTE, 0, n);
        to.set(ValueLayout.JAVA_BYTE, n, (byte) 0);
        return OK;
    }

    int cuDeviceGetAttribute(MemorySegment out, int attribute, int device) {
        Device d = driver.device(device);
        if (d == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        if (attribute <= 0 || attribute > 160) {
            return CudaError.INVALID_VALUE.code;
        }
        Driver.putInt(out, d.attribute(attribute));
        return OK;
    }

    int cuDeviceTotalMem_v2(MemorySegment out, int device) {
        Device d = driver.device(device);
        if (d == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        Driver.putLong(out, d.gpu.memory().capacity());
        return OK;
    }

    int cuDeviceGetUuid_v2(MemorySegment out, int device) {
        if (driver.device(device) == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        MemorySegment to = out.reinterpret(16);
        to.fill((byte) 0x50);
        to.set(ValueLayout.JAVA_BYTE, 15, (byte) device);
        return OK;
    }

    int cuDeviceGetPCIBusId(MemorySegment out, int length, int device) {
        if (driver.device(device) == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        return text(out, length, String.format("0000:%02X:00.0", device + 1));
    }

    int cuDeviceGetDefaultMemPool(MemorySegment out, int device) {
        Device d = driver.device(device);
        if (d == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        Driver.putLong(out, d.pool);
        return OK;
    }

    int cuDeviceCanAccessPeer(MemorySegment out, int device, int peer) {
        if (driver.device(device) == null || driver.device(peer) == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        Driver.putInt(out, 0);
        return OK;
    }

    int cuDevicePrimaryCtxRetain(MemorySegment out, int device) {
        Device d = driver.device(device);
        if (d == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        d.retained++;
        Driver.putLong(out, d.context);
        return OK;
    }

    int cuDevicePrimaryCtxRelease_v2(int device) {
        Device d = driver.device(device);
        if (d == null) {
            return CudaError.INVALID_DEVICE.code;
        }
        if (d.retained == 0) {
            return CudaError.INVALID_CONTEXT.code;
        }
        d.retained--;
        return OK;
    }

    int cuDevicePrimaryCtxSetFlags_v2(int device, int flags) {
        return driver.device(device) == null ? CudaError.INVALID_DEVICE.code : OK;
    }

    int cuCtxSetCurrent(MemorySegment context) {
        if (Driver.isNull(context)) {
            driver.setCurrent(null);
            return OK;
        }
        for (Device d : driver.devices) {
            if (d.context == context.address() && d.retained > 0) {
                driver.setCurrent(d);
                return OK;
            }
        }
        return CudaError.INVALID_CONTEXT.code;
    }

    int cuCtxGetCurrent(MemorySegment out) {
        Device d = driver.currentOrNull();
        Driver.putLong(out, d == null ? 0 : d.context);
        return OK;
    }

    int cuCtxSynchronize() {
        Device d = driver.current();
        for (Stream s : driver.all(Stream.class)) {
            if (s.device == d && driver.spoilsCapture(s)) {
                return CudaError.STREAM_CAPTURE_UNSUPPORTED.code;
            }
        }
        return driver.drain(d);
    }

    int cuCtxGetLimit(MemorySegment out, int limit) {
        Driver.putLong(out, 8L << 20);
        return OK;
    }

    int cuCtxSetLimit(int limit, long value) {
        return value < 0 ? CudaError.INVALID_VALUE.code : OK;
    }

    int cuCtxGetStreamPriorityRange(MemorySegment least, MemorySegment greatest) {
        if (!Driver.isNull(least)) {
            Driver.putInt(least, 0);
        }
        if (!Driver.isNull(greatest)) {
            Driver.putInt(greatest, -5);
        }
        return OK;
    }

    int cuCtxEnablePeerAccess(MemorySegment peer, int flags) {
        return CudaError.PEER_ACCESS_UNSUPPORTED.code;
    }
}
