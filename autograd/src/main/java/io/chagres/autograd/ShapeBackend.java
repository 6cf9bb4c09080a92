package io.chagres.autograd;

import io.chagres.tensor.Eager;
import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Kernels;
import io.chagres.tensor.memory.ArenaOptions;
import io.chagres.tensor.memory.MemorySource;
import io.chagres.tensor.memory.ShapeMemory;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Primitive;

/// A backend that computes nothing, on memory that is not there.
abstract sealed class ShapeBackend implements Backend permits CostModel.Shapes {
    private final String like;
    private final Kernels kernels;
    private final ShapeMemory memory = new ShapeMemory();

    ShapeBackend(Backend like) {
        this.like = like.name();
        kernels = like.kernels().withoutComputing();
    }

    /// What counts the operations that `inner` runs.
    abstract Interpreter counting(Interpreter inner);

    @Override
    public String name() {
        return "shapes";
    }

    @Override
    public String describe() {
        return "shapes without values, as on " + like;
    }

    @Override
    public MemorySource memory() {
        return memory;
    }

    @Override
    public void run(Primitive op, Tensor[] in, Tensor[] out) {}

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public TensorArena arena(String name, ArenaOptions options) {
        return new TensorArena(name, memory, new Binder(this), options);
    }

    @Override
    public void close() {}

    private record Binder(ShapeBackend backend) implements TensorArena.Binder {
        @Override
        public <R, X extends Throwable> R call(
                TensorArena arena, ScopedValue.CallableOp<? extends R, X> body) throws X {
            return backend.counting(new Eager(backend, arena)).<R, X>call(body);
        }
    }
}
