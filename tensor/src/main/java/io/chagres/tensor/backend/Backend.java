package io.chagres.tensor.backend;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.ArenaOptions;
import io.chagres.tensor.memory.MemorySource;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Primitive;

/// What computes: one per device. It must implement every [Primitive] and may offer kernels for
/// other operations. Everything above this interface is the same for every device.
public interface Backend extends AutoCloseable {
    /// A name such as `cpu` or `cuda:0`.
    String name();

    /// Facts about the device for people: width, threads, kernels in use.
    String describe();

    /// Where its tensors live.
    MemorySource memory();

    /// Computes a primitive. Outputs are contiguous, except that [io.chagres.tensor.op.Copy] may
    /// write into any layout; inputs may have any layout.
    void run(Primitive op, Tensor[] in, Tensor[] out);

    /// Kernels for composites and updates.
    Kernels kernels();

    /// An arena on this device that grows as needed.
    default TensorArena arena(String name) {
        return arena(name, ArenaOptions.of(0));
    }

    /// An arena with a first block of this size.
    default TensorArena arena(String name, long initialBytes) {
        return arena(name, ArenaOptions.of(initialBytes));
    }

    /// An arena with these options.
    default TensorArena arena(String name, ArenaOptions options) {
        return new TensorArena(name, memory(), new EagerBinder(this), options);
    }

    @Override
    void close();
}
