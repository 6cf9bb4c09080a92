package io.chagres.kernels.gpu.driver;

import static io.chagres.kernels.gpu.driver.binding.CudaDriver.CU_EVENT_DISABLE_TIMING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// Page-locked buffers through which bytes go to the device and back. A write copies into a buffer
/// on the caller's thread and returns; the buffer is free again when its event has passed, which is
/// waited for only when it is needed next. A read waits for its event.
final class Staging {
    private static final int BUFFERS = 4;
    private static final long BYTES = 1 << 20;
    private static final long FAULT = BYTES;

    private final CudaDevice device;
    private final MemorySegment out;
    private final BlockingQueue<Buffer> idle = new ArrayBlockingQueue<>(BUFFERS);

    private record Buffer(MemorySegment memory, long event) {}

    Staging(CudaDevice device, Arena arena) {
        this.device = device;
        out = arena.allocate(ValueLayout.JAVA_LONG);
    }

    /// Makes the buffers. On the device's thread.
    void start() {
        CudaDriver driver = device.driver();
        for (int i = 0; i < BUFFERS; i++) {
            device.check("cuMemHostAlloc", driver.allocateHost(out, BYTES + 64, 0));
            long address = out.get(ValueLayout.JAVA_LONG, 0);
            device.check("cuEventCreate", driver.createEvent(out, CU_EVENT_DISABLE_TIMING()));
            long event = out.get(ValueLayout.JAVA_LONG, 0);
            idle.add(new Buffer(MemorySegment.ofAddress(address).reinterpret(BYTES + 64), event));
        }
    }

    /// Gives the buffers back. On the device's thread.
    void end() {
        for (Buffer b = idle.poll(); b != null; b = idle.poll()) {
            device.driver().awaitEvent(b.event);
            device.driver().destroyEvent(b.event);
            device.driver().freeHost(b.memory.address());
        }
    }

    void write(long address, MemorySegment from) {
        for (long at = 0; at < from.byteSize(); at += BYTES) {
            long n = Math.min(BYTES, from.byteSize() - at);
            long to = address + at;
            Buffer buffer = take();
            try {
                device.call(() -> {
                    device.check("cuEventSynchronize", device.driver().awaitEvent(buffer.event));
                    return true;
                });
                MemorySegment.copy(from, at, buffer.memory, 0, n);
                device.submit(() -> upload(buffer, to, n));
            } finally {
                idle.add(buffer);
            }
        }
    }

    private void upload(Buffer buffer, long to, long bytes) {
        CudaDriver driver = device.driver();
        device.check(
                "cuMemcpyHtoDAsync",
                driver.copyToDevice(to, buffer.memory.address(), bytes, device.stream()));
        device.check("cuEventRecord", driver.recordEvent(buffer.event, device.stream()));
    }

    void read(long address, MemorySegment to) {
        Buffer buffer = take();
        try {
            for (long at = 0; at < to.byteSize(); at += BYTES) {
                long n = Math.min(BYTES, to.byteSize() - at);
                long from = address + at;
                device.call(() -> {
                    download(buffer, from, n);
                    return true;
                });
                checkFault(buffer.memory.get(ValueLayout.JAVA_LONG, FAULT));
                MemorySegment.copy(buffer.memory, 0, to, at, n);
            }
        } finally {
            idle.add(buffer);
        }
    }

    private void download(Buffer buffer, long from, long bytes) {
        CudaDriver driver = device.driver();
        long host = buffer.memory.address();
        device.check("cuMemcpyDtoHAsync", driver.copyToHost(host, from, bytes, device.stream()));
        device.check(
                "cuMemcpyDtoHAsync",
                driver.copyToHost(host + FAULT, device.fault(), 8, device.stream()));
        device.check("cuEventRecord", driver.recordEvent(buffer.event, device.stream()));
        device.check("cuEventSynchronize", driver.awaitEvent(buffer.event));
    }

    private void checkFault(long fault) {
        if (fault != 0) {
            device.fill(device.fault(), 8, (byte) 0);
            Faults.raise(fault);
        }
    }

    private Buffer take() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return idle.take();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
