package io.chagres.kernels.cpu;

import io.chagres.kernels.cpu.reference.ReferenceBackend;
import io.chagres.tensor.backend.Backend;
import io.chagres.tensor.backend.BackendProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Opens the CPU backend: vector kernels where the JVM has the Vector API, scalar code otherwise.
public final class CpuBackendProvider implements BackendProvider {
    private static final Logger LOG = LoggerFactory.getLogger(CpuBackendProvider.class);

    /// Made by [java.util.ServiceLoader].
    public CpuBackendProvider() {}

    /// Whether this JVM was started with the module of the Vector API.
    public static boolean hasVectors() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    @Override
    public String kind() {
        return "cpu";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public String unavailable() {
        return "";
    }

    @Override
    public Backend open(int threads) {
        if (hasVectors()) {
            return new CpuBackend(threads);
        }
        LOG.warn(
                "the JVM has no Vector API: computing with scalar code, a hundred times slower;"
                        + " start java with --add-modules jdk.incubator.vector");
        return new ReferenceBackend();
    }
}
