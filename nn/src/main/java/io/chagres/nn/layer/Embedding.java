package io.chagres.nn.layer;

import io.chagres.tensor.DType;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.IndexSelect;
import io.chagres.tensor.op.Int8Linear;
import io.chagres.tensor.op.Linear;

/// A table of vectors looked up by id, and its use as an output head where the two are tied.
public sealed interface Embedding {
    /// Vectors of ids of any shape: (…) → (…, hidden).
    Tensor apply(Tensor ids);

    /// The vectors of ids 0 … n-1: (n, hidden).
    Tensor first(long n);

    /// Scores of all ids: (…, hidden) → (…, vocabulary), x Wᵀ.
    Tensor project(Tensor x);

    /// Dtype of the vectors.
    DType dtype();

    /// W, (vocabulary, hidden): as it is kept, or computed by this call.
    Tensor weight();

    /// A table of floats. Vectors of a table stored in BF16 or F16 come out as F32.
    ///
    /// @param weight (vocabulary, hidden)
    record Plain(Tensor weight) implements Embedding {
        @Override
        public Tensor apply(Tensor ids) {
            return IndexSelect.indexSelect(weight, ids).cast(dtype());
        }

        @Override
        public Tensor first(long n) {
            return weight.slice(0, 0, n).cast(dtype());
        }

        @Override
        public Tensor project(Tensor x) {
            return Linear.linear(x, weight, null);
        }

        @Override
        public DType dtype() {
            return weight.dtype().wide();
        }
    }

    /// A frozen table of 8 bits, W = q · scale, whose vectors come out as F32.
    ///
    /// @param table q, I8 (vocabulary, hidden)
    /// @param scale F32 (vocabulary), or (vocabulary, hidden / group) for one per group of a row
    record Int8(Buffer table, Buffer scale) implements Embedding {
        @Override
        public Tensor apply(Tensor ids) {
            Tensor q = IndexSelect.indexSelect(table.value(), ids.reshape(-1));
            Tensor s = IndexSelect.indexSelect(scale.value(), ids.reshape(-1));
            Tensor rows = Int8Linear.dequantize(q, s, DType.F32);
            int rank = ids.shape().rank();
            return rows.reshape(ids.shape().insert(rank, table.value().dim(1)));
        }

        @Override
        public Tensor first(long n) {
            Tensor q = table.value().slice(0, 0, n);
            return Int8Linear.dequantize(q, scale.value().slice(0, 0, n), DType.F32);
        }

        @Override
        public Tensor project(Tensor x) {
            return Int8Linear.int8Linear(x, table.value(), scale.value(), null);
        }

        @Override
        public DType dtype() {
            return DType.F32;
        }

        @Override
        public Tensor weight() {
            return Int8Linear.dequantize(table.value(), scale.value(), DType.F32);
        }
    }
}
