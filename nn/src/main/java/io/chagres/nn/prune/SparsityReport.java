package io.chagres.nn.prune;

import io.chagres.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// How many weights are 0.
///
/// @param layers one for each weight, in the order of the model
public record SparsityReport(List<Layer> layers) {
    /// Copies the list.
    public SparsityReport {
        layers = List.copyOf(layers);
    }

    /// A weight.
    ///
    /// @param path its path, such as `blocks.0.attention.q.weight`
    /// @param zeros elements that are 0
    /// @param size elements in all
    public record Layer(String path, long zeros, long size) {
        /// The part that is 0.
        public double sparsity() {
            return (double) zeros / size;
        }
    }

    /// Counts.
    ///
    /// @param weights by path
    public static SparsityReport of(Map<String, Tensor> weights) {
        List<Layer> layers = new ArrayList<>();
        weights.forEach((path, t) -> {
            long zeros = 0;
            for (Tensor matrix : Matrices.of(t)) {
                for (float v : Matrices.values(matrix)) {
                    zeros += v == 0 ? 1 : 0;
                }
            }
            layers.add(new Layer(path, zeros, t.shape().size()));
        });
        return new SparsityReport(layers);
    }

    /// Weights that are 0.
    public long zeros() {
        return layers.stream().mapToLong(Layer::zeros).sum();
    }

    /// Weights in all.
    public long size() {
        return layers.stream().mapToLong(Layer::size).sum();
    }

    /// The part that is 0; 0 where there are no weights.
    public double sparsity() {
        return layers.isEmpty() ? 0 : (double) zeros() / size();
    }

    /// The least part of a layer that is 0; 0 where there is no layer.
    public double least() {
        return layers.stream().mapToDouble(Layer::sparsity).min().orElse(0);
    }

    /// The largest part of a layer that is 0; 0 where there is no layer.
    public double most() {
        return layers.stream().mapToDouble(Layer::sparsity).max().orElse(0);
    }
}
