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
public record Experts(Tensor gate, Tensor up, Tensor down) {
    /// Weighted sum of each token's experts: (N, hidden) → (N, hidden).
    public Tensor apply(Tensor x, Routed routed) {
        long n = x.dim(0);
        long k = routed.experts().dim(1);
        Tensor pairs = routed.experts().reshape(n * k);
        Tensor[] sorted = CountingSort.countingSort(pairs, Math.toIntExact(gate.dim(0)));
        Tensor token = sorted[0].div(Full.scalar(DType.I32, k));
        Tensor offsets = sorted[2];
        Tensor rows = IndexSelect.indexSelect(x, token);
        Tensor inner =
                SwiGlu.swiGlu(
                        GroupedLinear.groupedLinear(rows, gate, offsets),
                        GroupedLinear.groupedLinear(rows, up, offsets));
        Tensor outer = GroupedLinear.groupedLinear(inner, down, offsets);
        Tensor each = IndexSelect.indexSelect(outer, sorted[1].reshape(n, k));
        return each.mul(routed.weights().reshape(n, k, 1)).sum(1).reshape(x.shape());
    }
}
