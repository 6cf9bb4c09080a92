package io.chagres.nn.prune;

import io.chagres.nn.layer.Modules;
import io.chagres.nn.transformer.Transformer;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.TensorData;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Sets weights of small magnitude to 0. A pruned weight is one that is exactly 0: there is no mask
/// beside the weights, so that a stored model says by itself what is pruned of it.
///
/// What is pruned is the same on every machine: of equal magnitudes the first ones go.
public final class Pruner {
    private static final String ROUTER = "router.weight";

    private Pruner() {}

    /// What is pruned of a model, by path: the matrices of its layers, those of experts included.
    /// Embeddings, the output head, routers, norms and biases stay whole.
    public static Map<String, Tensor> weights(Transformer model) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        Modules.parameters(model)
                .forEach((path, t) -> {
                    boolean layer = path.startsWith("blocks.") || path.startsWith("nextTokens.");
                    if (layer && t.shape().rank() >= 2 && !path.endsWith(ROUTER)) {
                        found.put(path, t);
                    }
                });
        return found;
    }

    /// Prunes weights in place.
    ///
    /// @param weights by path, (out, in) or (experts, out, in); contiguous and writable
    /// @param how which of them
    /// @throws IllegalArgumentException naming the weight whose inputs do not divide into groups
    public static SparsityReport prune(Map<String, Tensor> weights, MagnitudePruning how) {
        check(weights, how);
        switch (how) {
            case MagnitudePruning.Global(double sparsity) -> {
                List<Tensor> all = new ArrayList<>();
                weights.values().forEach(t -> all.addAll(Matrices.of(t)));
                least(all, sparsity);
            }
            case MagnitudePruning.Uniform(double sparsity) ->
                    weights.values().forEach(t -> least(Matrices.of(t), sparsity));
            case MagnitudePruning.Grouped(int kept, int group) ->
                    weights.values().forEach(t -> groups(t, kept, group));
        }
        return SparsityReport.of(weights);
    }

    /// How many of `size` weights a sparsity is: the nearest number.
    static long count(double sparsity, long size) {
        return Math.round(sparsity * size);
    }

    private static void least(List<Tensor> matrices, double sparsity) {
        long size = matrices.stream().mapToLong(t -> t.shape().size()).sum();
        Least least = Least.of(matrices, count(sparsity, size));
        for (Tensor t : matrices) {
            float[] values = Matrices.values(t);
            for (int i = 0; i < values.length; i++) {
                if (least.take(values[i])) {
                    values[i] = 0;
                }
            }
            TensorData.set(t, values);
        }
    }

    /// Checks that a pattern fits all weights.
    ///
    /// @throws IllegalArgumentException naming the weight whose inputs do not divide into groups
    public static void check(Map<String, Tensor> weights, MagnitudePruning how) {
        if (how instanceof MagnitudePruning.Grouped(int _, int group)) {
            weights.forEach((path, t) -> {
                if (t.shape().last() % group != 0) {
                    throw new IllegalArgumentException(
                            "%s: its %d inputs do not divide into groups of %d"
                                    .formatted(path, t.shape().last(), group));
                }
            });
        }
    }

    private static void groups(Tensor weight, int kept, int group) {
        for (Tensor t : Matrices.of(weight)) {
            float[] values = Matrices.values(t);
            boolean[] drop = new boolean[group];
            for (int from = 0; from < values.length; from += group) {
                keepLargest(values, from, kept, drop);
            }
            TensorData.set(t, values);
        }
    }

    /// Of equal magnitudes the first are kept. An element is kept when fewer than N come before it.
    private static void keepLargest(float[] values, int from, int kept, boolean[] drop) {
        int group = drop.length;
        for (int i = 0; i < group; i++) {
            float own = Math.abs(values[from + i]);
            int before = 0;
            for (int j = 0; j < group; j++) {
                float other = Math.abs(values[from + j]);
                if (other > own || (other == own && j < i)) {
                    before++;
                }
            }
            drop[i] = before >= kept;
        }
        for (int i = 0; i < group; i++) {
            if (drop[i]) {
                values[from + i] = 0;
            }
        }
    }
}
