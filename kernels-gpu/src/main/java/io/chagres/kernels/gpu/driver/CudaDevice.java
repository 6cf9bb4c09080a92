package io.chagres.kernels.gpu.driver;

import static io.chagres.kernels.gpu.driver.binding.CudaDriver.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
import static io.chagres.kernels.gpu.driver.binding.CudaDriver.CU_STREAM_NON_BLOCKING;

import io.chagres.tensor.backend.DeviceFailed;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An open device: its primary context, one stream, and the one thread that issues work to it,
/// since the current context belongs to a thread of the system. Callers, virtual threads among
/// them, only queue.
///
/// Launches return before the device is done, so their errors show later. Errors of a kernel are
/// sticky: the context is lost, the driver repeats them for ever. The first one is logged with the
/// last launches, and every later use throws [DeviceFailed]; nothing is tried again. With `check`
/// the thread waits for each launch, and the message names the kernel that failed.
public final class CudaDevice implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CudaDevice.class);
    private static final int TRACE = 32;
    private static final long FAULT_BYTES = 64;

    private final CudaDriver driver;
    private final CudaLibrary.Device facts;
    private final boolean check;
    private final Arena arena = Arena.ofShared();
    private final CommandRing ring = new CommandRing(arena);
    private final MemorySegment out = arena.allocate(64, 64);
    private final Thread thread;
    private final Staging staging;
    private final List<Long> modules = new ArrayList<>(); // of the device's thread
    private long context;
    private long stream;
    private long fault;
    private volatile boolean closed;
    private volatile @Nullable String failure;

    /// Opens a device.
    ///
    /// @param check whether to wait for the end of each launch, to learn which one fails
    /// @throws DeviceFailed when the driver refuses
    public CudaDevice(CudaDriver driver, CudaLibrary.Device facts, boolean check) {
        this.driver = driver;
        this.facts = facts;
        this.check = check;
        thread = new Thread(() -> ring.work(this::carryOut), "chagres-" + name());
        thread.setDaemon(true);
        thread.start();
        staging = new Staging(this, arena);
        try {
            call(() -> {
                start();
                return true;
            });
        } catch (RuntimeException e) {
            ring.close();
            throw e;
        }
    }

    /// Its name, such as `cuda:0`.
    public String name() {
        return "cuda:" + facts.ordinal();
    }

    /// What it is.
    public CudaLibrary.Device facts() {
        return facts;
    }

    /// Address of a 64-bit word in which a kernel reports a wrong input, 0 while there was none.
    /// [#read] looks at it.
    public long fault() {
        return fault;
    }

    /// Begins a launch. The caller adds the parameters and calls [Launch#run] at once.
    ///
    /// @throws DeviceFailed when the device has failed before
    public Launch launch(CudaFunction function) {
        checkAlive();
        return ring.next(function);
    }

    /// Reserves device memory from the driver's pool, in the order of the stream.
    ///
    /// @throws DeviceFailed when there is not enough
    public long allocate(long bytes) {
        return call(() -> {
            int rc = driver.allocate(out, Math.max(1, bytes), stream);
            if (rc == CudaErrors.OUT_OF_MEMORY) {
                throw new DeviceFailed(
                        name() + ": no memory for " + bytes + " bytes; " + memoryInUse());
            }
            check("cuMemAllocAsync", rc);
            return out.get(ValueLayout.JAVA_LONG, 0);
        });
    }

    /// Gives memory back once the work queued so far is done. Does nothing after a failure: the
    /// context is gone, its memory with it.
    public void free(long address) {
        if (failure == null && !closed) {
            submit(() -> check("cuMemFreeAsync", driver.free(address, stream)));
        }
    }

    /// Copies host memory to the device; `from` may be reused at once.
    public void write(long address, MemorySegment from) {
        checkAlive();
        staging.write(address, from);
    }

    /// Copies device memory to the host, after all that was queued.
    ///
    /// @throws IndexOutOfBoundsException when a kernel met an index outside its axis
    public void read(long address, MemorySegment to) {
        checkAlive();
        staging.read(address, to);
        checkAlive();
    }

    /// Copies on the device.
    public void copy(long from, long to, long bytes) {
        checkAlive();
        submit(() -> check("cuMemcpyDtoDAsync", driver.copyOnDevice(to, from, bytes, stream)));
    }

    /// Sets bytes of the device.
    public void fill(long address, long bytes, byte value) {
        checkAlive();
        submit(() -> check("cuMemsetD8Async", driver.fill(address, value, bytes, stream)));
    }

    /// Waits until the device has done what was queued.
    public void synchronize() {
        call(() -> {
            check("cuStreamSynchronize", driver.synchronize(stream));
            return true;
        });
    }

    /// Loads PTX; the driver compiles it for the device.
    ///
    /// @param name for messages
    /// @throws DeviceFailed with the compiler's message when the driver refuses it
    public CudaModule load(String name, String ptx) {
        return call(() -> CudaModule.load(this, driver, name, ptx));
    }

    /// Runs `body` on the device's thread after what was queued, and waits for it.
    <T> T call(Callable<T> body) {
        checkAlive();
        CompletableFuture<T> result = new CompletableFuture<>();
        ring.submit(() -> {
            try {
                checkAlive(); // a launch queued before this may have failed by now
                result.complete(body.call());
            } catch (Exception | Error e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    /// Queues a task for the device's thread; dropped when the device has failed by then.
    void submit(Runnable task) {
        ring.submit(() -> {
            if (failure == null) {
                task.run();
            }
        });
    }

    /// Notes a module, to be unloaded when the device is closed.
    void keep(long module) {
        modules.add(module);
    }

    CudaDriver driver() {
        return driver;
    }

    long stream() {
        return stream;
    }

    /// Throws when the driver reported an error, and fails the device when it is one that stays. On
    /// the device's thread only.
    void check(String what, int rc) {
        if (rc == 0) {
            return;
        }
        String message = name() + ": " + what + " says " + driver.errorName(rc);
        if (CudaErrors.isSticky(rc)) {
            fail(message);
        }
        throw new DeviceFailed(message);
    }

    private void checkAlive() {
        String why = failure;
        if (why != null) {
            throw new DeviceFailed(why);
        }
    }

    private void fail(String message) {
        if (failure == null) {
            failure = message + "; the device cannot be used any more in this process";
            List<String> trace = ring.trace(TRACE);
            LOG.error(
                    "{}; the last launches, oldest first:\n{}", message, String.join("\n", trace));
        }
    }

    private void start() {
        check("cuDevicePrimaryCtxRetain", driver.retainContext(out, facts.handle()));
        context = out.get(ValueLayout.JAVA_LONG, 0);
        check("cuCtxSetCurrent", driver.setContext(context));
        check("cuStreamCreate", driver.createStream(out, CU_STREAM_NON_BLOCKING()));
        stream = out.get(ValueLayout.JAVA_LONG, 0);
        check("cuDeviceGetDefaultMemPool", driver.defaultPool(out, facts.handle()));
        long pool = out.get(ValueLayout.JAVA_LONG, 0);
        out.set(ValueLayout.JAVA_LONG, 0, -1L); // keep freed memory: the next arena wants it
        check(
                "cuMemPoolSetAttribute",
                driver.setPoolAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD(), out));
        check("cuMemAllocAsync", driver.allocate(out, FAULT_BYTES, stream));
        fault = out.get(ValueLayout.JAVA_LONG, 0);
        check("cuMemsetD8Async", driver.fill(fault, (byte) 0, FAULT_BYTES, stream));
        staging.start();
    }

    private void carryOut(Launch place) {
        try {
            Runnable task = place.task;
            if (task != null) {
                task.run();
            } else if (failure == null) {
                launchNow(place);
            }
        } catch (RuntimeException e) {
            // Nobody waits for this one: its results are missing, so the device counts as failed.
            fail(e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }

    private void launchNow(Launch place) {
        CudaFunction f = place.function;
        if (f == null) {
            return;
        }
        int rc =
                driver.launch(
                        f.handle(),
                        place.gridX,
                        place.gridY,
                        place.gridZ,
                        place.block,
                        1,
                        1,
                        place.shared,
                        stream,
                        place.address());
        if (rc == 0 && check) {
            rc = driver.synchronize(stream);
        }
        if (rc != 0) {
            fail(name() + ": " + place + " says " + driver.errorName(rc));
        }
    }

    private String memoryInUse() {
        MemorySegment total = out.asSlice(8, 8);
        return driver.memoryInfo(out.asSlice(0, 8), total) == 0
                ? (out.get(ValueLayout.JAVA_LONG, 0) >> 20)
                        + " of "
                        + (total.get(ValueLayout.JAVA_LONG, 0) >> 20)
                        + " MiB are free"
                : "the driver does not say how much is free";
    }

    /// Ends the thread and gives the context back. Arenas must be closed before.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        ring.submit(this::end);
        ring.close();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        arena.close();
    }

    /// Whether the driver still listens does not matter here: releasing the context frees the rest.
    private void end() {
        staging.end();
        driver.free(fault, stream);
        driver.synchronize(stream);
        modules.forEach(driver::unloadModule);
        driver.destroyStream(stream);
        driver.releaseContext(facts.handle());
    }
}
