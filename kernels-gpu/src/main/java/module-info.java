import io.chagres.kernels.gpu.CudaBackendProvider;
import io.chagres.tensor.backend.BackendProvider;
import org.jspecify.annotations.NullMarked;

/// The CUDA backend: PTX kernels through `libcuda` alone, bound by the foreign function interface.
/// Without a driver or a device the module is there and says why it offers none.
@NullMarked
module io.chagres.kernels.gpu {
    requires static transitive org.jspecify;
    requires transitive io.chagres.tensor;
    requires org.slf4j;

    exports io.chagres.kernels.gpu;
    exports io.chagres.kernels.gpu.driver;

    provides BackendProvider with
            CudaBackendProvider;
}
