package io.chagres.autograd;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The gradients that have flowed back so far. Each is pinned while it is here and freed when it is
/// dropped.
final class Cotangents {
    private final TensorArena arena;
    private final long start;
    private final Map<Tensor, Tensor> map = new IdentityHashMap<>();

    Cotangents(TensorArena arena, long start) {
        this.arena = arena;
        this.start = start;
    }

    @Nullable Tensor get(Tensor t) {
        return map.get(t);
    }

    /// Cotangents of an operation's outputs; null when nothing flows into any.
    @Nullable Tensor @Nullable [] of(Tensor[] out) {
        @Nullable Tensor[] g = null;
        for (int i = 0; i < out.length; i++) {
            Tensor gi = map.get(out[i]);
            if (gi != null) {
                if (g == null) {
                    g = new Tensor[out.length];
                }
                g[i] = gi;
            }
        }
        return g;
    }

    void add(Tensor of, Tensor g) {
        Tensor before = map.get(of);
        Tensor now = before == null ? g : before.add(g);
        now.storage().pin();
        map.put(of, now);
        if (before != null) {
            release(before.storage());
        }
    }

    /// Lets what has flowed back to one tensor flow to another instead.
    void move(Tensor from, Tensor to) {
        Tensor g = map.remove(from);
        if (g != null) {
            add(to, g);
            release(g.storage());
        }
    }

    void drop(Tensor... all) {
        for (Tensor t : all) {
            Tensor g = map.remove(t);
            if (g != null) {
                release(g.storage());
            }
        }
    }

    /// Drops what a backward pass that failed left behind.
    void clear() {
        map.values().forEach(g -> release(g.storage()));
        map.clear();
    }

    private void release(Storage s) {
        if (s.unpin() && s.arena() == arena && s.serial() > start) {
            arena.free(s);
        }
    }
}
