package io.chagres.autograd;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Op;
import java.util.function.Supplier;

/// An interpreter around another one, which it hands operations on to.
abstract class Nested implements Interpreter {
    /// The interpreter inside.
    final Interpreter inner;

    Nested(Interpreter inner) {
        this.inner = inner;
    }

    /// This interpreter around another one.
    Nested over(Interpreter other) {
        throw new IllegalStateException(
                getClass().getSimpleName() + " cannot be moved around another interpreter");
    }

    @Override
    public Tensor[] prepare(Op op, Tensor... in) {
        return inner.prepare(op, in);
    }

    @Override
    public Tensor[] segment(Supplier<Tensor[]> body) {
        return inner.segment(body);
    }

    @Override
    public final TensorArena arena() {
        return inner.arena();
    }

    @Override
    public final Backend backend() {
        return inner.backend();
    }
}
