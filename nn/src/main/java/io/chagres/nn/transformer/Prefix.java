package io.chagres.nn.transformer;

import io.chagres.nn.layer.Linear;
import io.chagres.tensor.DType;
import io.chagres.tensor.Shape;
import io.chagres.tensor.Spec;
import io.chagres.tensor.Tensor;
import io.chagres.tensor.op.Concat;
import io.chagres.tensor.op.Full;

/// Keys and values that stand before those of the first token in every layer, as if so many tokens
/// had come before. They are not rotated; the tokens behind them count their positions from there.
/// Li & Liang 2021, arXiv:2101.00190.
public sealed interface Prefix {
    /// Everything: (tokens, layers · 2 · kv heads · head dim), in each row key and value of layer
    /// 0, key and value of layer 1, and so on.
    Tensor table();

    /// How many tokens it stands for.
    int tokens();

    /// Key and value heads of a layer.
    int kvHeads();

    /// What one forward pass needs of it.
    ///
    /// @param layers layers of the model
    default Rows rows(int layers) {
        return new Rows(table().reshape(tokens(), 2L * layers, kvHeads(), -1));
    }

    /// The table itself.
    ///
    /// @param table (tokens, layers · 2 · kv heads · head dim)
    /// @param kvHeads key and value heads of a layer
    record Free(Tensor table, int kvHeads) implements Prefix {
        @Override
        public int tokens() {
            return Math.toIntExact(table.dim(0));
        }
    }

    /// A table that two layers make of smaller vectors: up(tanh(down(e))).
    ///
    /// @param embeddings e, (tokens, width)
    /// @param down width → inner
    /// @param up inner → layers · 2 · kv heads · head dim
    /// @param kvHeads key and value heads of a layer
    record Projected(Tensor embeddings, Linear down, Linear up, int kvHeads) implements Prefix {
        @Override
        public Tensor table() {
            return up.apply(down.apply(embeddings).tanh());
        }

        @Override
        public int tokens() {
            return Math.toIntExact(embeddings.dim(0));
        }
    }

    /// Keys and values of all layers.
    ///
    /// @param all (tokens, 2 · layers, kv heads, head dim)
    record Rows(Tensor all) {
        /// The layer's keys of the prefix before others: (B, T, H, D) → (B, tokens + T, H, D).
        Tensor keys(int layer, Tensor others) {
            return before(2L * layer, others);
        }

        /// The layer's values of the prefix before others.
        Tensor values(int layer, Tensor others) {
            return before(2L * layer + 1, others);
        }

        private Tensor before(long index, Tensor others) {
            return Concat.concat(1, at(index, others.dim(0)).cast(others.dtype()), others);
        }

        /// Keys, for an even index, or values: (batch, tokens, kv heads, head dim).
        ///
        /// @param index twice the layer's, and one more for its values
        public Tensor at(long index, long batch) {
            Shape s = all.shape();
            Shape one = Shape.of(1, s.dim(0), s.dim(2), s.dim(3));
            Tensor rows = all.slice(1, index, 1).reshape(one);
            return rows.expand(one.with(0, batch));
        }
    }

    /// A mask (…, T) that lets every query see so many keys more, which come first.
    static Tensor seen(Tensor mask, long more) {
        if (mask.shape().rank() == 0 || mask.dim(-1) == 1 || more == 0) {
            return mask;
        }
        double open = mask.dtype() == DType.BOOL ? 1 : 0;
        Tensor front = Full.full(new Spec(mask.dtype(), mask.shape().with(-1, more)), open);
        return Concat.concat(mask.shape().rank() - 1, front, mask);
    }
}
