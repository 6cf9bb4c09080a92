package io.chagres.autograd;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;

/// Something on a tape.
sealed interface Recorded permits Entry, Segment {
    /// What gradients flow to; others may be among them.
    Tensor[] in();

    /// Lets go of what it keeps, and frees what nothing else keeps and the tape saw being made.
    void unpin(TensorArena arena, long start);

    /// Undoes one pin, and frees the storage when it was the last and the tape saw it being made.
    static void unpin(Storage s, TensorArena arena, long start) {
        if (s.unpin() && s.arena() == arena && s.serial() > start) {
            arena.free(s);
        }
    }
}
