package io.chagres.autograd;

import io.chagres.tensor.Interpreter;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;

/// What a tape gathers while a segment runs whose operations it does not record: what the segment
/// needs from outside, and what is made in it.
final class Unrecorded {
    private final TensorArena arena;
    private final long start;
    private final Set<Tensor> made = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Tensor> in = new LinkedHashSet<>(); // a tensor equals itself alone
    private final Set<Storage> keep = new LinkedHashSet<>();

    Unrecorded(TensorArena arena) {
        this.arena = arena;
        start = arena.serial();
    }

    /// Notes the inputs of an operation.
    void used(Tensor... inputs) {
        for (Tensor t : inputs) {
            Storage s = t.storage();
            if (s.arena() == arena && s.serial() <= start) {
                keep.add(s);
            }
        }
    }

    /// Notes an operation that gradients flow through.
    void through(boolean[] needs, Tensor[] inputs, Tensor[] out) {
        for (int i = 0; i < inputs.length; i++) {
            if (needs[i] && !made.contains(inputs[i])) {
                in.add(inputs[i]);
            }
        }
        Collections.addAll(made, out);
    }

    /// Makes what was tracked inside unknown to the tape again, and its results known.
    ///
    /// @return the segment
    Segment end(Tracked tracked, Interpreter top, Supplier<Tensor[]> body, Tensor[] results) {
        Tensor[] out = results.clone();
        for (int i = 0; i < out.length; i++) {
            if (!made.contains(out[i]) && tracked.contains(out[i])) {
                in.add(out[i]);
                out[i] = out[i].viewAs(out[i].layout()); // handed through
                tracked.add(out[i]);
            } else {
                made.remove(out[i]);
            }
        }
        made.forEach(tracked::remove);
        return new Segment(top, body, in.toArray(Tensor[]::new), out, keep.toArray(Storage[]::new));
    }
}
