package io.chagres.bench;

import io.chagres.tensor.ShapeMismatch;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.Backends;

/// This project, as one of the libraries that are measured.
public final class Chagres implements Library {
    /// Its name among the libraries.
    public static final String NAME = "chagres";

    /// Starts it.
    public static final class Provider implements Library.Provider {
        /// Made by [java.util.ServiceLoader].
        public Provider() {}

        @Override
        public String name() {
            return NAME;
        }

        @Override
        public Library open(int threads) {
            return new Chagres(threads);
        }
    }

    private final Backend backend;
    private final int threads;

    /// Starts the CPU backend.
    public Chagres(int threads) {
        this.threads = threads;
        backend = Backends.open("cpu", threads);
    }

    /// What computes.
    Backend backend() {
        return backend;
    }

    @Override
    public Prepared prepare(Task task) {
        try {
            Prepared prepared = Workloads.of(task).prepare(backend, threads, task);
            prepared.run();
            return prepared;
        } catch (ShapeMismatch e) { // an operation that has no meaning in this dtype
            throw new Unsupported(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() {
        backend.close();
    }
}
