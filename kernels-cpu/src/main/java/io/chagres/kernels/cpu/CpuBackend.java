package io.chagres.kernels.cpu;

import io.chagres.kernels.cpu.dispatch.Dispatch;
import io.chagres.kernels.cpu.pool.WorkerPool;
import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.kernels.cpu.vector.Lanes;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.memory.HostMemory;
import io.chagres.tensor.memory.MemorySource;
import io.chagres.tensor.op.Primitive;

/// The CPU: Vector API kernels over native memory on a pool of threads of its own.
///
/// Results depend neither on the number of threads nor on how warm the JIT is.
public final class CpuBackend implements Backend {
    private final Dispatch dispatch;
    private final int threads;

    /// A backend with this many threads, the caller's included; 0 for one per processor.
    public CpuBackend(int threads) {
        this.threads = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        dispatch = new Dispatch(new WorkerPool(this.threads), new ReferenceBackend());
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String describe() {
        return "Vector API, "
                + Lanes.BITS
                + " bits, "
                + threads
                + (threads == 1 ? " thread" : " threads")
                + "; kernels: "
                + String.join(", ", kernels().operations());
    }

    @Override
    public MemorySource memory() {
        return HostMemory.INSTANCE;
    }

    @Override
    public void run(Primitive op, Tensor[] in, Tensor[] out) {
        dispatch.run(op, in, out);
    }

    @Override
    public Kernels kernels() {
        return dispatch.kernels();
    }

    @Override
    public void close() {
        dispatch.close();
    }
}
