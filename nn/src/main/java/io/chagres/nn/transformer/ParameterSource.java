package io.chagres.nn.transformer;

import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;

/// Where the parameters of a model under construction come from: an initialiser or a checkpoint.
public interface ParameterSource {
    /// How a fresh parameter starts.
    enum Init {
        /// Normal with the config's `initializer_range`.
        NORMAL,
        /// A projection back into the residual stream; GPT-2 scales it by 1/√(2 · layers).
        RESIDUAL,
        /// Zeros, for biases.
        ZEROS,
        /// Ones, for norms.
        ONES
    }

    /// The parameter with this path, in the dtype that the model computes in.
    Tensor get(String path, Shape shape, Init init);

    /// The parameter with this path, for a use that copes with a narrower dtype than the model
    /// computes in: it may stay in the one it is stored in.
    default Tensor stored(String path, Shape shape, Init init) {
        return get(path, shape, init);
    }
}
