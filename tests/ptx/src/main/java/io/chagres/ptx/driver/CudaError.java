package io.chagres.ptx.driver;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Result codes of the driver that the fake returns.
enum CudaError {
    SUCCESS(0, "no error"),
    INVALID_VALUE(1, "invalid argument"),
    OUT_OF_MEMORY(2, "out of memory"),
    NOT_INITIALIZED(3, "initialization error"),
    DEINITIALIZED(4, "driver shutting down"),
    STUB_LIBRARY(34, "CUDA driver is a stub library"),
    NO_DEVICE(100, "no CUDA-capable device is detected"),
    INVALID_DEVICE(101, "invalid device ordinal"),
    INVALID_IMAGE(200, "device kernel image is invalid"),
    INVALID_CONTEXT(201, "invalid device context"),
    NO_BINARY_FOR_GPU(209, "no kernel image is available for execution on the device"),
    INVALID_PTX(218, "a PTX JIT compilation failed"),
    UNSUPPORTED_PTX_VERSION(222, "the provided PTX was compiled with an unsupported toolchain"),
    INVALID_HANDLE(400, "invalid resource handle"),
    NOT_FOUND(500, "named symbol not found"),
    NOT_READY(600, "device not ready"),
    ILLEGAL_ADDRESS(700, "an illegal memory access was encountered"),
    LAUNCH_OUT_OF_RESOURCES(701, "too many resources requested for launch"),
    LAUNCH_TIMEOUT(702, "the launch timed out and was terminated"),
    PEER_ACCESS_UNSUPPORTED(217, "peer access is not supported between these two devices"),
    ASSERT(710, "device-side assert triggered"),
    HOST_MEMORY_ALREADY_REGISTERED(712, "part or all of the requested memory is mapped"),
    HOST_MEMORY_NOT_REGISTERED(713, "pointer does not correspond to a registered memory region"),
    ILLEGAL_INSTRUCTION(715, "an illegal instruction was encountered"),
    MISALIGNED_ADDRESS(716, "misaligned address"),
    LAUNCH_FAILED(719, "unspecified launch failure"),
    NOT_SUPPORTED(801, "operation not supported"),
    SYSTEM_DRIVER_MISMATCH(803, "system has unsupported display driver / cuda driver combination"),
    STREAM_CAPTURE_UNSUPPORTED(900, "operation not permitted when stream is capturing"),
    STREAM_CAPTURE_INVALIDATED(901, "operation failed due to a previous error during capture"),
    ILLEGAL_STATE(401, "the operation cannot be performed in the present state"),
    GRAPH_EXEC_UPDATE_FAILURE(910, "the graph update was not performed"),
    UNKNOWN(999, "unknown error");

    private static final Map<Integer, CudaError> BY_CODE = new HashMap<>();

    static {
        for (CudaError e : values()) {
            BY_CODE.put(e.code, e);
        }
    }

    final int code;
    final String text;

    CudaError(int code, String text) {
        this.code = code;
        this.text = text;
    }

    static @Nullable CudaError of(int code) {
        return BY_CODE.get(code);
    }
}
