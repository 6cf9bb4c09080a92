package io.chagres.tensor;

import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import java.util.function.Supplier;

/// Bounds the life of intermediate results. When a scope ends, what was allocated inside it is
/// freed, except its results and whatever a tape keeps for the backward pass. A layer that wraps
/// itself in a scope leaves behind only what is needed; a tensor that was freed throws when it is
/// used.
public final class Scope {
    private Scope() {}

    /// Runs a body and keeps only its result.
    public static Tensor of(Supplier<Tensor> body) {
        return ofAll(() -> new Tensor[] {body.get()})[0];
    }

    /// Runs a body and keeps only its results.
    public static Tensor[] ofAll(Supplier<Tensor[]> body) {
        TensorArena arena = Interpreter.current().arena();
        int mark = arena.mark();
        Tensor[] results = body.get();
        Storage[] keep = new Storage[results.length];
        for (int i = 0; i < keep.length; i++) {
            keep[i] = results[i].storage();
        }
        arena.release(mark, keep);
        return results;
    }

    /// Runs a body for its effects and keeps nothing.
    public static void run(Runnable body) {
        ofAll(() -> {
            body.run();
            return new Tensor[0];
        });
    }
}
