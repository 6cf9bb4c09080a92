package io.chagres.nn.transformer;

import io.chagres.nn.layer.Embedding;
import io.chagres.nn.layer.Projection;
import io.chagres.nn.moe.ExpertLayer;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import org.jspecify.annotations.Nullable;

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

    /// The linear layer with this path where it is kept in another way than as one matrix of
    /// floats; null for a plain one.
    ///
    /// @param shape of its matrix, (out, in)
    /// @param bias its bias, (out), or null
    default @Nullable Projection compressed(String path, Shape shape, @Nullable Tensor bias) {
        return null;
    }

    /// The table of vectors with this path where it is kept in another way than as floats; null for
    /// a plain one.
    default @Nullable Embedding compressedTable(String path, Shape shape) {
        return null;
    }

    /// The experts with this path where they are kept in another way than as floats; null for plain
    /// ones.
    ///
    /// @param inner shape of gate and up, (E, intermediate, hidden)
    /// @param outer shape of down, (E, hidden, intermediate)
    default @Nullable ExpertLayer compressedExperts(String path, Shape inner, Shape outer) {
        return null;
    }

    /// The parameter with this path, for a use that copes with a narrower dtype than the model
    /// computes in: it may stay in the one it is stored in.
    default Tensor stored(String path, Shape shape, Init init) {
        return get(path, shape, init);
    }
}
