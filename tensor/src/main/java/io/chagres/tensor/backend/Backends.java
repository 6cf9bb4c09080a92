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

    private static final String AUTO = "auto";

    /// A device that can be used.
    ///
    /// @param provider what opens it
    /// @param device it
    public record Found(BackendProvider provider, BackendProvider.Device device) {
        /// Opens it.
        ///
        /// @param threads host threads to compute with; 0 for one per processor
        /// @throws DeviceFailed when it cannot be opened
        public Backend open(int threads) {
            return provider.open(device.ordinal(), threads);
        }
    }

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
    /// @param kind `cpu`, `cuda` for the first such device that can be used, `cuda:1` for the
    ///   second there is, or `auto` for the best one available, which is logged together with why
    ///   the better ones are not
    /// @param threads host threads to compute with; 0 for one per processor
    /// @throws DeviceFailed when there is none, with the reason
    public static Backend open(String kind, int threads) {
        List<BackendProvider> all = providers();
        if (!kind.equals(AUTO)) {
            return find(all, kind).open(threads);
        }
        while (true) {
            Found found = find(all, kind);
            try {
                Backend backend = found.open(threads);
                LOG.info("computing on {}", backend.name());
                return backend;
            } catch (DeviceFailed e) {
                all.remove(found.provider());
                if (all.isEmpty()) {
                    throw e;
                }
                LOG.warn("not on {}: {}", found.provider().kind(), e.getMessage());
            }
        }
    }

    /// The device that [#open] would open.
    ///
    /// @throws DeviceFailed when there is none, with the reason
    public static Found find(String kind) {
        return find(providers(), kind);
    }

    /// The device of these kinds that is meant.
    ///
    /// @param all kinds, the preferred one first
    /// @throws DeviceFailed when there is none, with the reason
    public static Found find(List<BackendProvider> all, String kind) {
        boolean auto = kind.equals(AUTO);
        int colon = kind.indexOf(':');
        String wanted = colon < 0 ? kind : kind.substring(0, colon);
        for (BackendProvider p : all) {
            if (auto && !p.unavailable().isEmpty()) {
                LOG.info("not on {}: {}", p.kind(), p.unavailable());
            } else if (auto) {
                return first(p);
            } else if (wanted.equals(p.kind())) {
                return colon < 0 ? first(p) : numbered(p, kind, ordinal(kind, colon + 1));
            }
        }
        throw new DeviceFailed(
                all.isEmpty()
                        ? "no device: add chagres-kernels-cpu to the runtime path"
                        : "no device '%s'; there is %s".formatted(kind, names(all)));
    }

    private static Found first(BackendProvider p) {
        return p.devices().stream()
                .filter(d -> d.unavailable().isEmpty())
                .findFirst()
                .map(d -> new Found(p, d))
                .orElseThrow(() -> new DeviceFailed(p.kind() + ": " + p.unavailable()));
    }

    private static Found numbered(BackendProvider p, String kind, int ordinal) {
        List<BackendProvider.Device> devices = p.devices();
        if (devices.isEmpty()) {
            throw new DeviceFailed(p.kind() + ": " + p.unavailable());
        }
        for (BackendProvider.Device d : devices) {
            if (d.ordinal() == ordinal) {
                if (!d.unavailable().isEmpty()) {
                    throw new DeviceFailed(kind + ": " + d.unavailable());
                }
                return new Found(p, d);
            }
        }
        throw new DeviceFailed(
                "%s: there is no such device, only %s"
                        .formatted(
                                kind,
                                devices.stream()
                                        .map(BackendProvider.Device::description)
                                        .collect(Collectors.joining("; "))));
    }

    private static String names(List<BackendProvider> all) {
        return all.stream()
                .map(p -> p.kind() + (p.unavailable().isEmpty() ? "" : ": " + p.unavailable()))
                .collect(Collectors.joining("; "));
    }

    private static int ordinal(String kind, int from) {
        try {
            return Integer.parseUnsignedInt(kind.substring(from));
        } catch (NumberFormatException e) {
            throw new DeviceFailed("device '" + kind + "': a number must follow the colon");
        }
    }
}
