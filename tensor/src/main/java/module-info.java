import org.jspecify.annotations.NullMarked;

/// Tensors, explicit memory arenas, operations, the backend interface and safetensors files.
@NullMarked
module io.chagres.tensor {
    requires static transitive org.jspecify;
    requires com.fasterxml.jackson.core;
    requires org.slf4j;

    exports io.chagres.tensor;
    exports io.chagres.tensor.backend;
    exports io.chagres.tensor.io;
    exports io.chagres.tensor.memory;
    exports io.chagres.tensor.op;
    exports io.chagres.tensor.random;

    uses io.chagres.tensor.backend.BackendProvider;
}
