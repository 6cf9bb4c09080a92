package io.chagres.kernels.gpu.driver;

import java.lang.foreign.MemorySegment;

/// The functions of the CUDA driver API that are used, one to one: each returns a `CUresult`, 0 for
/// success; handles and device addresses are numbers; `out` receives what the C function writes
/// through its first pointer.
///
/// CUDA Driver API Reference Manual.
public interface CudaDriver {
    /// `cuInit`.
    int init();

    /// `cuDriverGetVersion`: 1000 · major + 10 · minor.
    int version(MemorySegment out);

    /// `cuDeviceGetCount`.
    int deviceCount(MemorySegment out);

    /// `cuDeviceGet`.
    int device(MemorySegment out, int ordinal);

    /// `cuDeviceGetName`, null-terminated.
    int deviceName(MemorySegment out, int device);

    /// `cuDeviceTotalMem`.
    int deviceBytes(MemorySegment out, int device);

    /// `cuDeviceGetAttribute`.
    int deviceAttribute(MemorySegment out, int attribute, int device);

    /// `cuDevicePrimaryCtxRetain`.
    int retainContext(MemorySegment out, int device);

    /// `cuDevicePrimaryCtxRelease`.
    int releaseContext(int device);

    /// `cuCtxSetCurrent`: the current context belongs to the calling thread of the system.
    int setContext(long context);

    /// `cuStreamCreate`.
    int createStream(MemorySegment out, int flags);

    /// `cuStreamDestroy`.
    int destroyStream(long stream);

    /// `cuStreamSynchronize`.
    int synchronize(long stream);

    /// `cuEventCreate`.
    int createEvent(MemorySegment out, int flags);

    /// `cuEventDestroy`.
    int destroyEvent(long event);

    /// `cuEventRecord`.
    int recordEvent(long event, long stream);

    /// `cuEventSynchronize`.
    int awaitEvent(long event);

    /// `cuDeviceGetDefaultMemPool`.
    int defaultPool(MemorySegment out, int device);

    /// `cuMemPoolSetAttribute`.
    int setPoolAttribute(long pool, int attribute, MemorySegment value);

    /// `cuMemAllocAsync`.
    int allocate(MemorySegment out, long bytes, long stream);

    /// `cuMemFreeAsync`.
    int free(long address, long stream);

    /// `cuMemGetInfo`: free bytes into `out`, all bytes into `total`.
    int memoryInfo(MemorySegment out, MemorySegment total);

    /// `cuMemHostAlloc`: page-locked host memory.
    int allocateHost(MemorySegment out, long bytes, int flags);

    /// `cuMemFreeHost`.
    int freeHost(long address);

    /// `cuMemcpyHtoDAsync`.
    int copyToDevice(long to, long from, long bytes, long stream);

    /// `cuMemcpyDtoHAsync`.
    int copyToHost(long to, long from, long bytes, long stream);

    /// `cuMemcpyDtoDAsync`.
    int copyOnDevice(long to, long from, long bytes, long stream);

    /// `cuMemsetD8Async`.
    int fill(long address, byte value, long bytes, long stream);

    /// `cuModuleLoadData`.
    int loadModule(MemorySegment out, MemorySegment image);

    /// `cuModuleLoadDataEx` with a buffer for the messages of the driver's compiler.
    int loadModule(MemorySegment out, MemorySegment image, MemorySegment errors);

    /// `cuModuleUnload`.
    int unloadModule(long module);

    /// `cuModuleGetFunction`.
    int function(MemorySegment out, long module, MemorySegment name);

    /// `cuFuncSetAttribute`.
    int setFunctionAttribute(long function, int attribute, int value);

    /// `cuLaunchKernel`.
    ///
    /// @param parameters address of an array with the address of each parameter
    int launch(
            long function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int sharedBytes,
            long stream,
            long parameters);

    /// `cuGetErrorName`, or the number when the driver does not know it.
    String errorName(int code);
}
