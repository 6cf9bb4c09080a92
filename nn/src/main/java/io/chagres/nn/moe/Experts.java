package io.chagres.nn.moe;

import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.CountingSort;
import io.chagres.tensor.op.Full;
import io.chagres.tensor.op.GroupedLinear;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.SwiGlu;

/// Gated MLPs side by side, of which each token uses those it chose: down(silu(gate(x)) · up(x)).
/// No token is dropped and no other expert computes: the pairs of token and expert are sorted by
/// expert, stably, so that each expert has its rows together.
///
/// @param gate hidden → intermediate, (E, intermediate, hidden)
/// @param up hidden → intermediate, (E, intermediate, hidden)
/// @param down intermediate → hidden, (E, hidden, intermediate)
public record Experts(Tensor gate, Tensor up, Tensor down) implements ExpertLayer {
    @Override
    public Tensor apply(Tensor x, Routed routed) {
        return apply(x, routed, of(gate), of(up), of(down));
    }

    /// A linear map of its own for each expert.
    @FunctionalInterface
    public interface Grouped {
        /// Maps rows (R, in), of which those of expert e are `offsets[e] ≤ r < offsets[e + 1]`, to
        /// (R, out).
        Tensor apply(Tensor rows, Tensor offsets);
    }

    /// The map of stacked matrices (E, out, in).
    public static Grouped of(Tensor weights) {
        return (rows, offsets) -> GroupedLinear.groupedLinear(rows, weights, offsets);
    }

    /// Weighted sum of each token's experts, by any three maps: (N, hidden) → (N, hidden).
    public static Tensor apply(Tensor x, Routed routed, Grouped gate, Grouped up, Grouped down) {
        long n = x.dim(0);
        long k = routed.experts().dim(1);
        Tensor pairs = routed.experts().reshape(n * k);
        Tensor[] sorted = CountingSort.countingSort(pairs, routed.expertCount());
        Tensor token = sorted[0].div(Full.scalar(DType.I32, k));
        Tensor offsets = sorted[2];
        Tensor rows = IndexSelect.indexSelect(x, token);
        Tensor inner = SwiGlu.swiGlu(gate.apply(rows, offsets), up.apply(rows, offsets));
        Tensor outer = down.apply(inner, offsets);
        Tensor each = IndexSelect.indexSelect(outer, sorted[1].reshape(n, k));
        return each.mul(routed.weights().reshape(n, k, 1)).sum(1).reshape(x.shape());
    }
}
