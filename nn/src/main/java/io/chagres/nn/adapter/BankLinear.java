package io.chagres.nn.adapter;

import io.chagres.nn.layer.Buffer;
import io.chagres.nn.layer.Projection;
import io.chagres.tensor.Scope;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.CountingSort;
import io.chagres.tensor.op.GroupedLinear;
import io.chagres.tensor.op.IndexSelect;
import org.jspecify.annotations.Nullable;

/// A frozen map with several low-rank ones beside it, of which each row of a batch uses the one it
/// chose, or none. Rows are sorted by their choice, so that each low-rank map sees only its own.
///
/// @param base the frozen map
/// @param a A of each, (n, rank, in); those of a lower rank are filled up with zeros
/// @param b scaled B of each, (n, out, rank)
/// @param factors of each row of each result of the frozen map, (n + 1, out), those of no adapter
///   last; null where all are 1
/// @param choice which one each row uses, I32 (at least as many as rows); n for none
public record BankLinear(
        Projection base, Buffer a, Buffer b, @Nullable Buffer factors, Buffer choice)
        implements Projection {
    @Override
    public Tensor product(Tensor x) {
        return Scope.of(() -> adapted(x));
    }

    private Tensor adapted(Tensor x) {
        long batch = x.dim(0);
        Tensor flat = x.reshape(-1, inFeatures());
        long each = flat.dim(0) / batch;
        Tensor chosen = choice.value().slice(0, 0, batch).reshape(batch, 1);
        Tensor keys = chosen.expand(Shape.of(batch, each)).reshape(batch * each);
        int n = Math.toIntExact(a.value().dim(0));
        Tensor[] sorted = CountingSort.countingSort(keys, n + 1);
        Tensor offsets = sorted[2].slice(0, 0, n + 1);
        Tensor rows = IndexSelect.indexSelect(flat, sorted[0]);
        Tensor narrow = GroupedLinear.groupedLinear(rows, a.value(), offsets);
        Tensor wide = GroupedLinear.groupedLinear(narrow, b.value(), offsets);
        Tensor low = IndexSelect.indexSelect(wide, sorted[1]);
        Tensor y = base.product(x);
        Buffer f = factors;
        if (f != null) {
            Tensor own = IndexSelect.indexSelect(f.value(), keys);
            y = y.mul(own.reshape(y.shape()));
        }
        return y.add(low.reshape(y.shape()));
    }

    @Override
    public @Nullable Tensor bias() {
        return base.bias();
    }

    /// Not known: it differs from row to row.
    ///
    /// @throws UnsupportedOperationException always
    @Override
    public Tensor matrix() {
        throw new UnsupportedOperationException(
                "rows of a batch have different matrices where each chooses its adapter");
    }

    @Override
    public long inFeatures() {
        return base.inFeatures();
    }

    @Override
    public long outFeatures() {
        return base.outFeatures();
    }
}
