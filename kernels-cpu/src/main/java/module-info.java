import io.chagres.kernels.cpu.CpuBackendProvider;
import io.chagres.tensor.backend.BackendProvider;
import org.jspecify.annotations.NullMarked;

/// The CPU backend. The plain `requires` of the Vector API makes it resolve by itself on the module
/// path; on the class path `--add-modules jdk.incubator.vector` does, and without that flag the
/// scalar kernels compute.
@NullMarked
module io.chagres.kernels.cpu {
    requires static transitive org.jspecify;
    requires transitive io.chagres.tensor;
    requires jdk.incubator.vector;
    requires org.slf4j;

    exports io.chagres.kernels.cpu;

    provides BackendProvider with
            CpuBackendProvider;
}
