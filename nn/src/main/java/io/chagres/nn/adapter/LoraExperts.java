package io.chagres.nn.adapter;

import io.chagres.nn.moe.ExpertLayer;
import io.chagres.nn.moe.Experts;
import io.chagres.nn.moe.Routed;
import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.GroupedLinear;
import org.jspecify.annotations.Nullable;

/// Frozen experts with a low-rank map beside each matrix of each of them.
///
/// @param base the frozen experts
/// @param gate beside gate; null for none
/// @param up beside up; null for none
/// @param down beside down; null for none
public record LoraExperts(
        Experts base, @Nullable Beside gate, @Nullable Beside up, @Nullable Beside down)
        implements ExpertLayer {
    /// The low-rank maps of all experts: scale · B_e A_e.
    ///
    /// @param a (E, rank, in)
    /// @param b (E, out, rank)
    /// @param scale factor
    /// @param drop what rows go through in training; null for nothing
    public record Beside(Tensor a, Tensor b, double scale, LowRank.@Nullable Drop drop) {
        private Tensor apply(Tensor rows, Tensor offsets) {
            LowRank.Drop d = drop;
            Tensor x = d == null ? rows : d.apply(rows);
            Tensor narrow = GroupedLinear.groupedLinear(x, a, offsets);
            return GroupedLinear.groupedLinear(
                    scale == 1 ? narrow : narrow.scale(scale), b, offsets);
        }
    }

    @Override
    public Tensor apply(Tensor x, Routed routed) {
        return Experts.apply(
                x,
                routed,
                around(base.gate(), gate),
                around(base.up(), up),
                around(base.down(), down));
    }

    private static Experts.Grouped around(Tensor weights, @Nullable Beside beside) {
        Experts.Grouped frozen = Experts.of(weights);
        return beside == null
                ? frozen
                : (rows, offsets) -> frozen.apply(rows, offsets).add(beside.apply(rows, offsets));
    }

    /// Matrices with the low-rank ones added, (E, out, in); those without are as they are.
    static Tensor merged(Tensor weights, @Nullable Beside beside) {
        return beside == null
                ? weights
                : weights.cast(DType.F32).add(beside.b().matmul(beside.a()).scale(beside.scale()));
    }
}
