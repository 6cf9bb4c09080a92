package io.chagres.autograd;

import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The casts of an [Autocast] that may be asked for again: those of weights, and the newest of
/// anything else. They are pinned while they are here.
final class Casts {
    private record Cast(Tensor of, DType to, Tensor result) {}

    private final Map<DType, Map<Tensor, Cast>> weights = new EnumMap<>(DType.class);
    private @Nullable Cast newest;

    /// The tensor in another dtype.
    Tensor get(Tensor t, DType to, TensorArena arena) {
        if (t.storage().arena() != arena) {
            Map<Tensor, Cast> known = weights.computeIfAbsent(to, d -> new IdentityHashMap<>());
            Cast cast = known.get(t);
            if (cast == null) {
                cast = make(t, to);
                known.put(t, cast);
            }
            return cast.result;
        }
        Cast last = newest;
        if (last != null && last.of == t && last.to == to) {
            return last.result;
        }
        Cast cast = make(t, to);
        release(last);
        newest = cast;
        return cast.result;
    }

    /// Drops casts of what is about to be overwritten.
    void forget(Storage written) {
        for (Map<Tensor, Cast> known : weights.values()) {
            known.values()
                    .removeIf(c -> {
                        boolean stale = c.of.storage() == written;
                        if (stale) {
                            release(c);
                        }
                        return stale;
                    });
        }
        Cast last = newest;
        if (last != null && last.of.storage() == written) {
            newest = null;
            release(last);
        }
    }

    /// Drops all.
    void release() {
        weights.values().forEach(known -> known.values().forEach(Casts::release));
        weights.clear();
        release(newest);
        newest = null;
    }

    private static Cast make(Tensor t, DType to) {
        Cast cast = new Cast(t, to, t.cast(to));
        cast.result.storage().pin();
        return cast;
    }

    private static void release(@Nullable Cast cast) {
        if (cast != null) {
            Storage s = cast.result.storage();
            if (s.unpin()) {
                s.arena().free(s);
            }
        }
    }
}
