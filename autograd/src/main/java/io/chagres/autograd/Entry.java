package io.chagres.autograd;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import io.chagres.tensor.op.Op;
import io.chagres.tensor.op.Reads;
import java.util.function.Consumer;

/// One recorded operation.
record Entry(Op op, Tensor[] in, Tensor[] out, boolean[] needs) implements Recorded {
    /// Keeps what the gradient reads.
    void pin() {
        forEachRead(Storage::pin);
    }

    @Override
    public void unpin(TensorArena arena, long start) {
        forEachRead(s -> Recorded.unpin(s, arena, start));
    }

    private void forEachRead(Consumer<Storage> action) {
        Reads reads = op.reads(needs);
        for (int i = 0; i < in.length; i++) {
            if (reads.readsInput(i)) {
                action.accept(in[i].storage());
            }
        }
        for (int i = 0; i < out.length; i++) {
            if (reads.readsOutput(i)) {
                action.accept(out[i].storage());
            }
        }
    }
}
