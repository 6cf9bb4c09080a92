package io.chagres.tensor.backend;

import io.chagres.tensor.Eager;
import io.chagres.tensor.Records;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.memory.StaleTensor;
import io.chagres.tensor.memory.TensorArena;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes operations inside `arena.call` evaluate on a backend into that arena, and refuses results
/// that carry a tensor of the arena out of it.
record EagerBinder(Backend backend) implements TensorArena.Binder {
    private static final int MAX_DEPTH = 4;

    @Override
    public <R, X extends Throwable> R call(
            TensorArena arena, ScopedValue.CallableOp<? extends R, X> body) throws X {
        R result = new Eager(backend, arena).call(body);
        if (escapes(result, arena, 0)) {
            throw new StaleTensor(
                    "a tensor escapes arena '"
                            + arena.name()
                            + "' as part of a result of type "
                            + result.getClass().getSimpleName()
                            + "; return values (item(), toFloats()) or copyTo(another arena)");
        }
        return result;
    }

    private static boolean escapes(@Nullable Object o, TensorArena arena, int depth) {
        if (o == null || depth > MAX_DEPTH) {
            return false;
        }
        if (o instanceof Tensor t) {
            return t.storage().arena() == arena && t.storage().serial() > 0;
        }
        if (o instanceof Iterable<?> all) {
            for (Object e : all) {
                if (escapes(e, arena, depth + 1)) {
                    return true;
                }
            }
            return false;
        }
        if (o instanceof Map<?, ?> map) {
            return escapes(map.values(), arena, depth + 1);
        }
        if (o instanceof Object[] all) {
            for (Object e : all) {
                if (escapes(e, arena, depth + 1)) {
                    return true;
                }
            }
            return false;
        }
        if (o instanceof Record r && Records.canRead(r)) {
            for (Object e : Records.values(r)) {
                if (escapes(e, arena, depth + 1)) {
                    return true;
                }
            }
        }
        return false;
    }
}
