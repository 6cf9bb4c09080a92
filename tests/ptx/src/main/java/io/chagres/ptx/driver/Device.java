package io.chagres.ptx.driver;

import io.chagres.ptx.Gpu;
import io.chagres.ptx.machine.PtxFault;
import java.util.HashMap;
import java.util.Map;

/// A device with its primary context.
final class Device {
    final int ordinal;
    final Gpu gpu;
    final Stream stream = new Stream(this);
    private final Map<Integer, Integer> attributes = new HashMap<>();
    final long context;
    final long pool;
    int retained;

    /// The code that every call returns since an asynchronous error, or 0.
    int sticky;

    /// Bytes in use at most.
    long mostUsed;

    Device(int ordinal, Gpu gpu, long context, long pool, int major, int minor, int shared) {
        this.ordinal = ordinal;
        this.gpu = gpu;
        this.context = context;
        this.pool = pool;
        int[][] values = {
            {1, 1024},
            {2, 1024},
            {3, 1024},
            {4, 64},
            {5, Integer.MAX_VALUE},
            {6, 65535},
            {7, 65535},
            {8, 49152},
            {9, 65536},
            {10, 32},
            {12, 65536},
            {13, 1410000},
            {15, 1},
            {16, 108},
            {17, 0},
            {18, 0},
            {19, 1},
            {20, 0},
            {31, 1},
            {32, 0},
            {33, ordinal + 1},
            {34, 0},
            {35, 0},
            {36, 1215000},
            {37, 5120},
            {38, 40 << 20},
            {39, 2048},
            {40, 3},
            {41, 1},
            {50, 0},
            {75, major},
            {76, minor},
            {78, 1},
            {79, 1},
            {80, 1},
            {81, shared + 1024},
            {82, 65536},
            {83, 1},
            {86, 0},
            {88, 1},
            {89, 1},
            {90, 0},
            {95, 1},
            {97, shared},
            {98, 0},
            {99, 1},
            {100, 0},
            {101, 0},
            {106, 32},
            {108, 1},
            {111, 1024},
            {115, 1},
            {120, major >= 9 ? 1 : 0},
            {121, 0},
        };
        for (int[] v : values) {
            attributes.put(v[0], v[1]);
        }
    }

    /// A device attribute by its number; 0 for one that is not set.
    int attribute(int number) {
        return attributes.getOrDefault(number, 0);
    }

    boolean atLeast(int capability, boolean exactly) {
        int mine = attribute(75) * 10 + attribute(76);
        return exactly ? mine == capability : mine >= capability;
    }

    int mostDynamicShared() {
        return attribute(97);
    }

    void noteUse() {
        mostUsed = Math.max(mostUsed, gpu.memory().used());
    }

    void fail(PtxFault f) {
        CudaError e =
                switch (f.kind()) {
                    case OUT_OF_BOUNDS -> CudaError.ILLEGAL_ADDRESS;
                    case MISALIGNED -> CudaError.MISALIGNED_ADDRESS;
                    case TRAP ->
                            f.getMessage() != null && f.getMessage().contains("assertion")
                                    ? CudaError.ASSERT
                                    : CudaError.LAUNCH_FAILED;
                    case TIMEOUT, DEADLOCK -> CudaError.LAUNCH_TIMEOUT;
                    case ILLEGAL_INSTRUCTION -> CudaError.ILLEGAL_INSTRUCTION;
                    default -> CudaError.LAUNCH_FAILED;
                };
        sticky = sticky == 0 ? e.code : sticky;
    }
}
