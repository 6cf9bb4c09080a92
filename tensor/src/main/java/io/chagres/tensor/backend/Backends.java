package io.chagres.tensor.backend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/// Finds backends among the kernels modules on the module or class path.
public final class Backends {
    private Backends() {}

    /// All kinds there are, the preferred one first.
    public static List<BackendProvider> providers() {
        List<BackendProvider> all = new ArrayList<>();
        ServiceLoader.load(BackendProvider.class, BackendProvider.class.getClassLoader())
                .forEach(all::add);
        all.sort(Comparator.comparingInt(BackendProvider::priority).reversed());
        return all;
    }

    /// Opens a backend with one host thread per processor.
    public static Backend open(String kind) {
        return open(kind, 0);
    }

    /// Opens a backend.
    ///
    /// @param kind `cpu`, or `auto` for the best one available
    /// @param threads host threads to compute with; 0 for one per processor
    /// @throws DeviceFailed when there is none, with the reason for each kind
    public static Backend open(String kind, int threads) {
        List<BackendProvider> all = providers();
        for (BackendProvider p : all) {
            boolean wanted = kind.equals("auto") || kind.equals(p.kind());
            if (wanted && p.unavailable().isEmpty()) {
                return p.open(threads);
            }
        }
        String why =
                all.stream()
                        .map(p ->
                                p.kind()
                                        + (p.unavailable().isEmpty() ? "" : ": " + p.unavailable()))
                        .collect(Collectors.joining("; "));
        throw new DeviceFailed(
                "no device '"
                        + kind
                        + "'; there is "
                        + (why.isEmpty()
                                ? "none: add chagres-kernels-cpu to the runtime path"
                                : why));
    }
}
