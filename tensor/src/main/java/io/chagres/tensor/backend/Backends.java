package io.chagres.tensor.backend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds backends among the kernels modules on the module or class path.
public final class Backends {
    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

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
    /// @param kind `cpu`, `cuda`, `cuda:1` for the second such device, or `auto` for the best one
    ///   available, which is logged together with why the better ones are not
    /// @param threads host threads to compute with; 0 for one per processor
    /// @throws DeviceFailed when there is none, with the reason for each kind
    public static Backend open(String kind, int threads) {
        List<BackendProvider> all = providers();
        boolean auto = kind.equals("auto");
        int colon = kind.indexOf(':');
        String wanted = colon < 0 ? kind : kind.substring(0, colon);
        int ordinal = colon < 0 ? 0 : ordinal(kind, colon + 1);
        for (BackendProvider p : all) {
            if (!auto && !wanted.equals(p.kind())) {
                continue;
            }
            if (p.unavailable().isEmpty()) {
                Backend backend = p.open(ordinal, threads);
                if (auto) {
                    LOG.info("computing on {}", backend.name());
                }
                return backend;
            }
            if (auto) {
                LOG.info("not on {}: {}", p.kind(), p.unavailable());
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

    private static int ordinal(String kind, int from) {
        try {
            return Integer.parseUnsignedInt(kind.substring(from));
        } catch (NumberFormatException e) {
            throw new DeviceFailed("device '" + kind + "': a number must follow the colon");
        }
    }
}
