package io.chagres.kernels.gpu.driver;

/// A kernel that is loaded on a device.
///
/// @param name its name in the PTX
/// @param handle the driver's handle
public record CudaFunction(String name, long handle) {}
