package io.chagres.autograd;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import java.util.function.Supplier;

/// A part of the forward pass that is run again when the backward pass reaches it.
///
/// @param top what it ran under
/// @param body what to run
/// @param in what was tracked before it and used in it
/// @param out its results
/// @param keep what else it used, which must be there when it is run again
record Segment(Interpreter top, Supplier<Tensor[]> body, Tensor[] in, Tensor[] out, Storage[] keep)
        implements Recorded {
    void pin() {
        for (Storage s : keep) {
            s.pin();
        }
    }

    @Override
    public void unpin(TensorArena arena, long start) {
        for (Storage s : keep) {
            Recorded.unpin(s, arena, start);
        }
    }

    /// Runs it again.
    Tensor[] again() {
        return top.call(body::get);
    }
}
