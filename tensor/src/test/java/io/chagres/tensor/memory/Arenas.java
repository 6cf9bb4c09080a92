package io.chagres.tensor.memory;

/// Arenas for tests that need no backend.
final class Arenas {
    private Arenas() {}

    static TensorArena host(String name, ArenaOptions options) {
        return on(HostMemory.INSTANCE, name, options);
    }

    static TensorArena on(MemorySource source, String name, ArenaOptions options) {
        return new TensorArena(name, source, new Plain(), options);
    }

    private static final class Plain implements TensorArena.Binder {
        @Override
        public <R, X extends Throwable> R call(
                TensorArena arena, ScopedValue.CallableOp<? extends R, X> body) throws X {
            return body.call();
        }
    }
}
