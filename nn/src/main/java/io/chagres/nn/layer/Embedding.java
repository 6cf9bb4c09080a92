package io.chagres.nn.layer;

import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.IndexSelect;

/// A table of vectors looked up by id. Vectors of a table stored in BF16 or F16 come out as F32.
///
/// @param weight (vocabulary, hidden)
public record Embedding(Tensor weight) {
    /// Vectors of ids of any shape: (…) → (…, hidden).
    public Tensor apply(Tensor ids) {
        return IndexSelect.indexSelect(weight, ids).cast(dtype());
    }

    /// The vectors of ids 0 … n-1: (n, hidden).
    public Tensor first(long n) {
        return weight.slice(0, 0, n).cast(dtype());
    }

    /// Dtype of the vectors.
    public DType dtype() {
        return weight.dtype().wide();
    }
}
