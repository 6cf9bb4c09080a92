package io.chagres.kernels.gpu.driver;

/// What error codes of the driver (`CUresult` in `cuda.h`) mean for a program.
final class CudaErrors {
    static final int OUT_OF_MEMORY = 2;

    private CudaErrors() {}

    /// Whether the error stays: a kernel or the device has gone wrong, the context is lost, and
    /// every later call reports the same. These are 214 (memory error that cannot be corrected),
    /// 220 (NVLink), 700 (illegal address), 702 (launch timeout), 709 (context destroyed) and 710,
    /// 714 to 719 (assert, hardware stack, illegal instruction, misaligned address, address space,
    /// program counter, launch failure).
    static boolean isSticky(int code) {
        return switch (code) {
            case 214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719 -> true;
            default -> false;
        };
    }
}
