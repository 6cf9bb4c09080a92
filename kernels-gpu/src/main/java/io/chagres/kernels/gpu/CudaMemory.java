package io.chagres.kernels.gpu;

import io.chagres.kernels.gpu.driver.CudaDevice;
import io.chagres.tensor.memory.MemorySource;
import java.lang.foreign.MemorySegment;

/// Memory of a device, from the driver's pool in the order of the device's stream: a block given
/// back is used again only after the kernels before it.
final class CudaMemory implements MemorySource {
    private final CudaDevice device;

    CudaMemory(CudaDevice device) {
        this.device = device;
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public Block allocate(long bytes) {
        return new CudaBlock(device, device.allocate(bytes), bytes);
    }

    @Override
    public void write(long address, MemorySegment from) {
        device.write(address, from);
    }

    @Override
    public void read(long address, MemorySegment to) {
        device.read(address, to);
    }

    @Override
    public void copy(long from, long to, long bytes) {
        if (bytes > 0) {
            device.copy(from, to, bytes);
        }
    }

    @Override
    public void fill(long address, long bytes, byte value) {
        if (bytes > 0) {
            device.fill(address, bytes, value);
        }
    }

    private record CudaBlock(CudaDevice device, long address, long bytes) implements Block {
        @Override
        public MemorySegment segment() {
            throw new UnsupportedOperationException("the host cannot see " + device.name());
        }

        @Override
        public void close() {
            device.free(address);
        }
    }
}
