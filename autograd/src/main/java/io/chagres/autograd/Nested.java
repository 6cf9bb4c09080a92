package io.chagres.autograd;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.memory.TensorArena;

/// An interpreter around another one, which it hands operations on to.
abstract class Nested implements Interpreter {
    /// The interpreter inside.
    final Interpreter inner;

    Nested(Interpreter inner) {
        this.inner = inner;
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
