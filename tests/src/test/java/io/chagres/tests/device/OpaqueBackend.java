package io.chagres.tests.device;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.memory.MemorySource;
import io.chagres.tensor.op.Primitive;

/// A device that is none: the reference kernels on [OpaqueMemory]. What runs here touches tensors
/// only through the backend and by explicit copies, as it must on a GPU.
public final class OpaqueBackend implements Backend {
    private final OpaqueMemory memory = new OpaqueMemory();
    private final Backend kernels = new ReferenceBackend("opaque:0", memory, memory::hostAddress);

    @Override
    public String name() {
        return kernels.name();
    }

    @Override
    public String describe() {
        return kernels.describe();
    }

    @Override
    public MemorySource memory() {
        return memory;
    }

    @Override
    public void run(Primitive op, Tensor[] in, Tensor[] out) {
        kernels.run(op, in, out);
    }

    @Override
    public Kernels kernels() {
        return kernels.kernels();
    }

    @Override
    public void close() {
        kernels.close();
    }

    /// How often bytes went from or to the host.
    public long hostCopies() {
        return memory.hostCopies();
    }

    /// Number of blocks that arenas hold.
    public int openBlocks() {
        return memory.openBlocks();
    }
}
