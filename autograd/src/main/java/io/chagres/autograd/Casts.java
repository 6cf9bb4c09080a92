package io.chagres.autograd;

import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.Storage;
import io.chagres.tensor.memory.TensorArena;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The casts of an [Autocast] that may be asked for again: those of weights, which are pinned while
/// they are here, and the newest of anything else, which lives as long as the scope it was made in.
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
                cast = new Cast(t, to, t.cast(to));
                cast.result.storage().pin();
                known.put(t, cast);
            }
            return cast.result;
        }
        Cast cast = newest;
        if (cast == null || cast.of != t || cast.to != to || !cast.result.storage().isAlive()) {
            cast = new Cast(t, to, t.cast(to));
            newest = cast;
        }
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
        }
    }

    /// Drops all.
    void release() {
        weights.values().forEach(known -> known.values().forEach(Casts::release));
        weights.clear();
        newest = null;
    }

    private static void release(Cast cast) {
        Storage s = cast.result.storage();
        if (s.unpin()) {
            s.arena().free(s);
        }
    }
}
