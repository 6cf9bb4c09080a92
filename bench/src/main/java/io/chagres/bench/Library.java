package io.chagres.bench;

import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/// Something that computes [Task]s: Chagres or a peer.
public interface Library extends AutoCloseable {
    /// Makes libraries of one kind; found by [ServiceLoader].
    interface Provider {
        /// `chagres`, `libtorch`, …
        String name();

        /// Starts it.
        ///
        /// @param threads threads to compute with
        Library open(int threads);
    }

    /// Puts the operands of a task into memory.
    ///
    /// @throws Unsupported when the library cannot compute it
    Prepared prepare(Task task);

    @Override
    void close();

    /// Starts the library of that name.
    ///
    /// @param name the library's; with a number and a colon before it, slowed down by that part, as
    ///   `0.1:chagres`
    /// @throws IllegalArgumentException naming those there are when there is none
    static Library open(String name, int threads) {
        int colon = name.indexOf(':');
        if (colon > 0) {
            double share = Double.parseDouble(name.substring(0, colon));
            return new Slowed(open(name.substring(colon + 1), threads), share);
        }
        List<Provider> all =
                ServiceLoader.load(Provider.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .toList();
        for (Provider p : all) {
            if (p.name().equals(name)) {
                return p.open(threads);
            }
        }
        throw new IllegalArgumentException(
                "there is no library '"
                        + name
                        + "', only "
                        + all.stream().map(Provider::name).collect(Collectors.joining(", ")));
    }
}
