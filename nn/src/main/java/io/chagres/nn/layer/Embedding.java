package io.chagres.nn.layer;

import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.IndexSelect;

/// A table of vectors looked up by id.
///
/// @param weight (vocabulary, hidden)
public record Embedding(Tensor weight) {
    /// Vectors of ids of any shape: (…) → (…, hidden).
    public Tensor apply(Tensor ids) {
        return IndexSelect.indexSelect(weight, ids);
    }
}
